"""Checklists: every item is there, answered by recorded facts only."""

import csv
import io
import re
from collections import Counter
from pathlib import Path

import pytest

from dermdistill.card import pack
from dermdistill.card.checklists import NAMES, Checklist, as_csv, as_markdown, filled_in
from dermdistill.card.recorded import Fact
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Judgement

from .conftest import write_evaluation

TRIPOD_AI = {
    **dict.fromkeys((1, 2, 4, 7, 10, 11, 13, 14, 15, 16, 17, 19, 21, 22, 24, 25, 26), ""),
    **{
        3: "abc",
        5: "ab",
        6: "abc",
        8: "abc",
        9: "abc",
        12: "abcdefg",
        18: "abcdef",
        20: "abc",
        23: "ab",
        27: "abc",
    },
}
"""Items and their letters, 52 in all."""
NUMBERS = {
    "tripod-ai": [f"{number}{letter}" for number in range(1, 28) for letter in TRIPOD_AI[number] or [""]],
    "claim": [str(number) for number in range(1, 45)],
    "mi-claim": [
        *(f"1.{i}" for i in range(1, 6)),
        *(f"2.{i}" for i in range(1, 6)),
        *(f"4.{i}" for i in range(1, 4)),
        *(f"5.{i}" for i in range(1, 6)),
        *(f"6.{i}" for i in range(1, 5)),
    ],
}


def rows_of(run: Path | None, name: str) -> list[dict[str, str]]:
    text = pack.collect(run, ())[f"checklists/{name}.csv"].decode()
    return list(csv.DictReader(io.StringIO(text)))


def answer(run: Path | None, name: str, number: str) -> dict[str, str]:
    return next(row for row in rows_of(run, name) if row["item"] == number)


def lists() -> list[Checklist]:
    return filled_in({})


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_there_once_in_order(name: str) -> None:
    checklist = next(each for each in lists() if each.file == name)
    assert [each.item.number for each in checklist.answers] == NUMBERS[name]


def test_without_a_fact_every_item_is_unanswered() -> None:
    for checklist in lists():
        assert checklist.count("unanswered") == len(checklist.answers)
        assert as_markdown(checklist, "m").count("*Unanswered.*") == len(checklist.answers)


def test_an_answer_has_its_source_and_what_it_leaves_open() -> None:
    facts = {"technology": Fact("A network.", "model.onnx, metadata `architecture`")}
    claim = filled_in(facts)[1]
    first, second = claim.answers[:2]
    assert (first.status, first.text) == ("in part", "A network.")
    assert second.status == "unanswered"
    text = " ".join(as_markdown(claim, "model").split())
    assert (
        "**1** Is the study recognisable as one of artificial intelligence, and of which technology? "
        "> *In part.* Not recorded: the title of the study. > > A network. "
        "[model.onnx, metadata `architecture`] ## Abstract **2**"
    ) in text
    row = next(csv.DictReader(io.StringIO(as_csv(claim))))
    assert row == {
        "item": "1",
        "section": "Title or abstract",
        "asks": "Is the study recognisable as one of artificial intelligence, and of which technology?",
        "status": "in part",
        "answer": "A network.",
        "not_recorded": "the title of the study",
        "where": "model.onnx, metadata `architecture`",
    }


def test_every_fact_that_an_item_names_can_be_recorded(run: Path) -> None:
    """A misspelt key would never be answered."""
    written = Path(pack.__file__).parent
    sources = "".join(path.read_text() for path in written.glob("facts*.py"))
    known = set(re.findall(r'"([a-z_]+)"', sources)) | {
        f"{kind}{end}" for kind in ("internal", "external") for end in ("", "_points")
    }
    for checklist in lists():
        for each in checklist.answers:
            keys = {*each.item.facts, *(key for keys in each.item.unless for key in keys.split("|"))}
            assert keys <= known, (checklist.file, each.item.number, keys - known)


def test_items_of_a_paper_stay_unanswered_whatever_is_recorded(run: Path) -> None:
    """Ethics, funding, consent, registration: no file of a run knows them."""
    write_evaluation(
        run / "evaluations" / "clinic", read_json(run / "judgement.json", Judgement), model=str(run)
    )
    for name, numbers in (
        ("tripod-ai", "2 3c 5b 6a 6b 6c 8b 8c 10 17 18a 18b 18c 18d 19 25 27c"),
        ("claim", "2 5 11 13 15 16 17 18 21 34 44"),
        ("mi-claim", "1.4 5.1 5.2 5.3 5.4 6.2"),
    ):
        statuses = {row["item"]: row["status"] for row in rows_of(run, name)}
        for number in numbers.split():
            assert statuses[number] == "unanswered", (name, number)


def test_answers_are_the_numbers_of_the_run(run: Path) -> None:
    judgement = read_json(run / "judgement.json", Judgement)
    found = judgement.models["dsnet-hinton-seed1"]
    performance = answer(run, "tripod-ai", "23a")
    assert f"AUC {found.auc.value:.3f} [{found.auc.low:.3f}, {found.auc.high:.3f}]" in performance["answer"]
    assert "By subgroup: age under 40: AUC " in performance["answer"]
    assert "judgement.json `models.dsnet-hinton-seed1`" in performance["where"]
    assert performance["status"] == "answered"
    numbers = answer(run, "claim", "35")["answer"]
    assert (
        f"{found.n_images} images of {judgement.lesions['test']} lesions, {found.n_melanoma} melanomas"
        in numbers
    )
    assert "images: 3 images without a diagnosis are left out" in numbers.replace("/", "")


def test_external_tests_are_answered_by_evaluations_only(run: Path) -> None:
    assert answer(run, "claim", "33")["status"] == "unanswered"
    write_evaluation(
        run / "evaluations" / "clinic", read_json(run / "judgement.json", Judgement), model=str(run)
    )
    found = answer(run, "claim", "33")
    assert found["status"] == "answered"
    assert found["where"].startswith("evaluations/clinic/judgement.json")


def test_a_file_alone_answers_less_than_its_run(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "model.onnx"
    alone.write_bytes((run / "export" / "dsnet-hinton-seed1.onnx").read_bytes())
    for name in NAMES:
        of_file, of_run = (Counter(row["status"] for row in rows_of(model, name)) for model in (alone, run))
        assert of_file["unanswered"] > of_run["unanswered"]
        assert of_file["answered"] < of_run["answered"]
    training = answer(alone, "claim", "25")
    assert training["status"] == "in part"
    assert training["not_recorded"] == "hyperparameters; the number of models trained"


def test_markdown_fits_a_screen(run: Path) -> None:
    contents = pack.collect(run, ())
    for name in NAMES:
        lines = contents[f"checklists/{name}.md"].decode().splitlines()
        assert max(map(len, lines)) <= 110
