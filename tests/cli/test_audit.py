"""``dermdistill audit`` on data sets whose faults are known."""

import csv
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.audit import out_of_fold, shortcuts
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import coefficients, signs
from dermdistill.export.graph import described_anew
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel
from tests.audit.conftest import photograph
from tests.conftest import Outcome

Command = Callable[..., Outcome]


def save(path: Path, seed: int, quality: int = 75) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(photograph(seed)).save(path, quality=quality)


@pytest.fixture(autouse=True)
def _smaller_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(out_of_fold, "TREES", 5)
    monkeypatch.setattr(shortcuts, "REPLICATES", 100)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Twelve good images in class folders, and one of each fault that labels alone do not show."""
    root = tmp_path / "data"
    for seed in range(12):
        save(root / ("melanoma" if seed % 2 else "nevus") / f"{seed}.png", seed)
    save(root / "nevus" / "same-as-0.png", 0)
    save(root / "nevus" / "saved-again-2.jpg", 2, quality=60)
    save(root / "nevus" / "is-melanoma-1.png", 1)
    (root / "nevus" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    Image.new("RGB", (60, 45), (200, 150, 130)).save(root / "melanoma" / "blank.png")
    return root


@pytest.fixture
def split(tmp_path: Path, data: Path) -> Path:
    """A split with a copy on both sides."""
    path = tmp_path / "split.csv"
    rows = ["image_id,split"]
    for image in sorted(data.rglob("*.*")):
        name = image.relative_to(data).as_posix()
        rows.append(f"{name},{'test' if image.stem in ('2', '3', '4', '5') else 'train'}")
    path.write_text("\n".join(rows))
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


EXPECTED = {
    ("unreadable", "nevus/broken.jpg", ""),
    ("blank", "melanoma/blank.png", ""),
    ("exact-copy", "nevus/0.png", "nevus/same-as-0.png"),
    ("near-copy", "nevus/2.png", "nevus/saved-again-2.jpg"),
    ("copy-with-another-label", "melanoma/1.png", "nevus/is-melanoma-1.png"),
}


def test_every_planted_fault_is_in_the_table_and_on_the_page(
    command: Command, data: Path, split: Path, model_file: Path, tmp_path: Path
) -> None:
    page = tmp_path / "out" / "audit.html"
    outcome = command("audit", data, "--split", split, "--model", model_file, "-o", page)
    assert outcome.code == 0, outcome.err
    found = rows_of(page.with_suffix(".csv"))
    kinds = {name for name, *_ in EXPECTED}
    assert {
        (row["kind"], row["image_id"], row["other_image_id"]) for row in found if row["kind"] in kinds
    } == EXPECTED
    (near,) = [row for row in found if row["kind"] == "near-copy"]
    assert (near["split"], near["other_split"], near["left_out"]) == (
        "test",
        "train",
        "nevus/saved-again-2.jpg",
    )
    text = page.read_text()
    for _, name, other in EXPECTED:
        assert name in text
        assert other in text
    assert re.search(r"^ +1  Near copies$", outcome.out, re.MULTILINE)


def test_the_page_fetches_nothing_and_escapes_names(
    command: Command, data: Path, model_file: Path, tmp_path: Path
) -> None:
    save(data / "nevus" / "<b>=1&.png", 0)
    page = tmp_path / "audit.html"
    assert command("audit", data, "--model", model_file, "-o", page).code == 0
    text = page.read_text()
    assert set(re.findall(r'(?:src|href)="([^"#]{1,5})', text)) == {"data:"}
    assert "://" not in text
    assert "<b>=1" not in text
    assert "&lt;b&gt;=1&amp;.png" in text


def test_the_cleaned_split_is_accepted_and_has_no_leak(
    command: Command, data: Path, split: Path, model_file: Path, tmp_path: Path
) -> None:
    clean, again = tmp_path / "clean.csv", tmp_path / "again.csv"
    arguments = ("audit", data, "--model", model_file, "-o", tmp_path / "audit.html")
    first = command(*arguments, "--split", split, "--left-out", clean)
    assert "11 images stay, 6 are left out" in first.err
    reasons = {row["image_id"]: row["left_out_because"] for row in rows_of(clean) if row["left_out_because"]}
    assert reasons == {
        "nevus/broken.jpg": "unreadable",
        "melanoma/blank.png": "blank",
        "nevus/same-as-0.png": "exact-copy",
        "nevus/saved-again-2.jpg": "near-copy",
        "melanoma/1.png": "copy-with-another-label",
        "nevus/is-melanoma-1.png": "copy-with-another-label",
    }
    assert all((row["split"] == "left-out") == bool(row["left_out_because"]) for row in rows_of(clean))
    second = command(*arguments, "--split", clean, "--left-out", again)
    assert "11 images stay, 0 are left out" in second.err
    assert {row["split"] for row in rows_of(again)} == {"train", "test"}


def test_lesions_that_a_copy_joins_do_not_leak_into_the_clean_split(
    command: Command, tmp_path: Path, model_file: Path
) -> None:
    root = tmp_path / "data"
    table = ["image_id,lesion_id,diagnosis"]
    for seed in range(10):
        save(root / f"i{seed}.png", seed)
        table.append(f"i{seed},L{seed},{'melanoma' if seed % 2 else 'nevus'}")
    save(root / "copy.jpg", 0, quality=60)
    save(root / "friend.png", 20)  # of the lesion that the copy of a test image is said to show
    table += ["copy,X,nevus", "friend,X,nevus"]
    (root / "metadata.csv").write_text("\n".join(table))
    split = tmp_path / "split.csv"
    split.write_text(
        "image_id,split\n"
        + "\n".join(f"i{seed},{'test' if seed < 4 else 'train'}" for seed in range(10))
        + "\ncopy,train\nfriend,train\n"
    )
    clean = tmp_path / "clean.csv"
    arguments = ("--model", model_file, "-o", tmp_path / "audit.html")
    assert command("audit", root, "--split", split, *arguments, "--left-out", clean).code == 0
    assert {row["image_id"] for row in rows_of(clean) if row["split"] == "left-out"} == {"copy", "friend"}
    checked = command("data", root, "--split", clean)
    assert checked.code == 0, checked.err


def test_without_a_split_the_clean_one_is_dealt(command: Command, tmp_path: Path, model_file: Path) -> None:
    root = tmp_path / "data"
    for seed in range(40):
        save(root / ("melanoma" if seed % 2 else "nevus") / f"{seed}.png", seed)
    clean = tmp_path / "clean.csv"
    outcome = command("audit", root, "--model", model_file, "-o", tmp_path / "a.html", "--left-out", clean)
    assert "40 images stay, 0 are left out" in outcome.err
    assert {row["split"] for row in rows_of(clean)} == {"train", "val", "test"}
    assert command("data", root, "--split", clean).code == 0


def test_images_that_the_model_learned_from_are_named(command: Command, data: Path, tmp_path: Path) -> None:
    info = OnnxModel.read(SHIPPED).info
    learned = pack_hashes(signs(np.stack([coefficients(photograph(seed)) for seed in (4, 7)])))
    model = tmp_path / "learned.onnx"
    model.write_bytes(described_anew(SHIPPED.read_bytes(), replace(info, learned_from=learned)))
    page = tmp_path / "audit.html"
    assert command("audit", data, "--model", model, "-o", page).code == 0
    found = rows_of(page.with_suffix(".csv"))
    assert {row["image_id"] for row in found if row["kind"] == "learned-from"} == {
        "nevus/4.png",
        "melanoma/7.png",
    }


def test_a_table_with_columns_of_its_own(command: Command, tmp_path: Path, model_file: Path) -> None:
    for seed in range(4):
        save(tmp_path / "data" / f"{seed}.png", seed)
    save(tmp_path / "data" / "again.jpg", 3)
    rows = [f"{name},{'melanoma' if i % 2 else 'nevus'}" for i, name in enumerate(("0", "1", "2", "3"))]
    (tmp_path / "data" / "labels.csv").write_text("\n".join(["slide,finding", *rows, "again,melanoma"]))
    page = tmp_path / "audit.html"
    columns = ("--image-column", "slide", "--label-column", "finding")
    assert command("audit", tmp_path / "data", *columns, "--model", model_file, "-o", page).code == 0
    (near,) = [row for row in rows_of(page.with_suffix(".csv")) if row["kind"] == "near-copy"]
    assert {near["image_id"], near["other_image_id"]} == {"3", "again"}


def test_without_scikit_learn_the_rest_is_found(
    command: Command, data: Path, model_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(out_of_fold, "available", lambda: False)
    page = tmp_path / "audit.html"
    outcome = command("audit", data, "--model", model_file, "-o", page)
    assert outcome.code == 0
    assert "they need scikit-learn (pip install 'dermdistill[train]')" in outcome.err
    assert "near-copy" in page.with_suffix(".csv").read_text()


def test_two_sources(command: Command, tmp_path: Path, model_file: Path) -> None:
    for source in ("one", "other"):
        for seed in range(6):
            name = f"{seed}.png" if source == "one" else f"again{seed}.jpg"
            save(tmp_path / source / ("melanoma" if seed % 2 else "nevus") / name, seed)
    # The same name and content under another label.
    for source, label in (("one", "melanoma"), ("other", "nevus")):
        save(tmp_path / source / label / "x.png", 9)
    page = tmp_path / "audit.html"
    outcome = command("audit", tmp_path / "one", tmp_path / "other", "--model", model_file, "-o", page)
    assert outcome.code == 0, outcome.err
    found = rows_of(page.with_suffix(".csv"))
    copies = [row for row in found if row["kind"] == "near-copy"]
    assert len(copies) == 6
    assert {(row["source"], row["other_source"], row["detail"]) for row in copies} == {
        ("one", "other", "sources one and other")
    }
    (clash,) = [row for row in found if row["kind"] == "copy-with-another-label"]
    assert {clash["diagnosis"], clash["other_diagnosis"]} == {"melanoma", "nevus"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], r"error: missing: no such file or folder"),
        (["{data}", "--split", "missing.csv"], r"error: missing\.csv: no such file"),
        (["{data}", "--model", "missing.onnx"], r"error: missing\.onnx: cannot read the model"),
        (["{data}", "-o", "page.csv"], r"error: page\.csv: .*must be three files"),
        (["{data}", "--left-out", "audit.csv"], r"error: audit\.csv: .*must be three files"),
        (["{data}", "-o", "mine.html"], r"error: mine\.html: exists and is not a page of an audit"),
        (["{data}", "--left-out", "mine.html"], r"error: mine\.html: exists and is not a split file"),
        (["{data}", "-o", "taken.html"], r"error: taken\.csv: exists and is not a table of findings"),
    ],
)
def test_wrong_use_costs_one_line_and_no_file(
    arguments: list[str],
    message: str,
    command: Command,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = {"mine.html": "<p>My notes", "taken.csv": "my,table\n1,2\n"}
    for name, content in mine.items():
        Path(name).write_text(content)
    before = sorted(tmp_path.iterdir())
    outcome = command("audit", *(argument.format(data=data) for argument in arguments))
    assert outcome.code == 2
    assert re.search(message, outcome.err)
    assert outcome.err.count("error:") == 1
    assert sorted(tmp_path.iterdir()) == before
    assert {name: Path(name).read_text() for name in mine} == mine


def test_an_own_page_is_replaced_but_not_an_edited_one(
    command: Command, data: Path, model_file: Path, tmp_path: Path
) -> None:
    page = tmp_path / "audit.html"
    arguments = ("audit", data, "--model", model_file, "-o", page)
    assert command(*arguments).code == command(*arguments).code == 0
    page.write_text(page.read_text().replace("Audit of", "My audit of"))
    refused = command(*arguments)
    assert refused.code == 2
    assert "exists and is not a page of an audit as this program wrote it" in refused.err
