"""The folder: what is in it, and that nothing is lost that a person wrote."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.card import pack
from dermdistill.card.recorded import without_folders
from dermdistill.files import write_bytes
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Judgement
from dermdistill.runs import RunFolder

from ..conftest import Outcome
from .conftest import STUDENT, write_evaluation

Command = Callable[..., Outcome]


def contents_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


CHECKLISTS = {
    f"checklists/{name}.{ending}" for name in ("tripod-ai", "claim", "mi-claim") for ending in ("csv", "md")
}
ALWAYS = {"README.md", "CITATION.cff", ".zenodo.json", "SHA256SUMS", ".written.json", "tables/figures.csv"}


def test_the_packaged_model(command: Command, tmp_path: Path) -> None:
    done = command("card", "-o", tmp_path / "card")
    assert (done.code, done.out) == (0, "")
    assert set(contents_of(tmp_path / "card")) == ALWAYS | CHECKLISTS | {
        *("dermlet.onnx", "dermlet.int8.onnx", "dermlet.safetensors"),
        *("LICENSE", "MODEL_CARD.md", "results.json"),
    }


def test_a_run_with_its_judgement_recipe_tables_and_evaluations(
    command: Command, run: Path, tmp_path: Path
) -> None:
    judgement = read_json(run / "judgement.json", Judgement)
    write_evaluation(run / "evaluations" / "clinic", judgement, model=str(run))
    (run / "tables").mkdir()
    (run / "tables" / "results.csv").write_text("a table of the report")
    done = command("card", run, "-o", tmp_path / "card")
    assert done.code == 0, done.err
    assert set(contents_of(tmp_path / "card")) == ALWAYS | CHECKLISTS | {
        *(f"{STUDENT}.onnx", "judgement.json", "recipe.toml", "tables/results.csv"),
        "evaluations/clinic/judgement.json",
    }
    assert "no licence is recorded" in done.err


def test_digests_are_those_of_sha256sum(command: Command, tmp_path: Path) -> None:
    command("card", "-o", tmp_path, "--quiet")
    checked = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=tmp_path, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == len(contents_of(tmp_path)) - 2


def test_the_same_records_give_the_same_bytes(run: Path) -> None:
    assert pack.collect(run, ()) == pack.collect(run, ())


def test_no_name_of_an_image_or_of_a_folder_is_published(run: Path) -> None:
    judgement = read_json(run / "judgement.json", Judgement)
    assert all(group.most_wrong for group in judgement.groups.values())
    write_evaluation(run / "evaluations" / "clinic", judgement, model=str(run))
    (run / "tables").mkdir()
    command = "command,dermdistill run --data /home/someone/images --recipe C:\\home\\mine.toml\n"
    (run / "tables" / "environment.csv").write_text(command)
    contents = pack.collect(run, ())
    assert contents["tables/environment.csv"] == b"command,dermdistill run --data images --recipe mine.toml\n"
    for name, content in contents.items():
        if not name.endswith(".onnx"):
            assert b"IMG_0" not in content, name
            assert b"/home/" not in content, name
            assert str(run.parent).encode() not in content, name


def test_all_else_in_the_judgement_stays(run: Path) -> None:
    kept = Judgement.model_validate_json(pack.collect(run, ())["judgement.json"])
    before = read_json(RunFolder(run).judgement, Judgement)
    assert kept.models == before.models
    assert kept.comparisons == before.comparisons


def test_it_is_written_again_over_itself(command: Command, run: Path, tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "card", run / "evaluations" / "clinic"
    command("card", "-o", folder, "--quiet")
    write_evaluation(elsewhere, read_json(run / "judgement.json", Judgement), model=str(run))
    assert command("card", run, "-o", folder, "--quiet").code == 0
    assert (folder / "evaluations" / "clinic").is_dir()
    shutil.rmtree(elsewhere)
    done = command("card", run, "-o", folder, "--quiet")
    assert done.code == 0, done.err
    assert not (folder / "evaluations").exists()
    found = contents_of(folder)
    assert f"{STUDENT}.onnx" in found
    assert not {"dermlet.onnx", "MODEL_CARD.md", "LICENSE"} & set(found)
    assert {name: content for name, content in found.items() if name != ".written.json"} == pack.collect(
        run, ()
    )


@pytest.mark.parametrize("name", ["README.md", "checklists/claim.csv", "SHA256SUMS", "dermlet.onnx"])
def test_a_file_that_was_edited_is_not_replaced(command: Command, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "card"
    command("card", "-o", folder, "--quiet")
    (folder / name).write_bytes(b"by hand")
    before = contents_of(folder)
    done = command("card", "-o", folder)
    assert done.code == 2
    assert done.err == (
        f"error: {folder / name}: is not as `dermdistill card` wrote it; move it away, or choose another "
        "--output\n"
    )
    assert contents_of(folder) == before


def test_a_file_of_another_name_stays(command: Command, tmp_path: Path) -> None:
    command("card", "-o", tmp_path / "card", "--quiet")
    (tmp_path / "card" / "notes.txt").write_text("mine")
    assert command("card", "-o", tmp_path / "card", "--quiet").code == 0
    assert (tmp_path / "card" / "notes.txt").read_text() == "mine"


def test_a_file_that_lies_where_a_new_one_belongs_is_not_replaced(
    command: Command, run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "card"
    command("card", "-o", folder, "--quiet")
    (folder / "recipe.toml").write_text("mine")
    done = command("card", run, "-o", folder)
    assert done.code == 2
    assert "recipe.toml: is not as `dermdistill card` wrote it" in done.err
    assert (folder / "recipe.toml").read_text() == "mine"
    assert (folder / "dermlet.onnx").exists()


def test_another_folder_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    done = command("card", "-o", tmp_path)
    assert done.code == 2
    assert "holds other files and is not a folder of `dermdistill card`" in done.err
    assert set(contents_of(tmp_path)) == {"letter.txt"}


def test_a_kill_leaves_nothing_or_a_folder_that_can_be_written_again(
    command: Command, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents, folder = pack.collect(None, ()), tmp_path / "card"
    left = [5]

    def killed_after_five(path: Path, content: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        write_bytes(path, content)

    monkeypatch.setattr(pack, "write_bytes", killed_after_five)
    with pytest.raises(KeyboardInterrupt):
        pack.write(folder, contents)
    assert list(tmp_path.glob("**/*card*")) == []
    left[0] = 10**6
    pack.write(folder, contents)
    left[0] = 5
    with pytest.raises(KeyboardInterrupt):
        pack.write(folder, pack.collect(run, ()))
    left[0] = 10**6
    pack.write(folder, contents)
    found = contents_of(folder)
    del found[".written.json"]
    assert found == contents


def test_an_index_that_names_files_elsewhere_is_refused(command: Command, tmp_path: Path) -> None:
    """A folder of a stranger must not make the program delete or upload files outside of it."""
    folder = tmp_path / "card"
    command("card", "-o", folder, "--quiet")
    (tmp_path / "mine.txt").write_text("mine")
    digest = hashlib.sha256(b"mine").hexdigest()
    index = json.loads((folder / ".written.json").read_text())
    index["files"]["../mine.txt"] = [digest]
    (folder / ".written.json").write_text(json.dumps(index))
    done = command("card", "-o", folder)
    assert done.code == 2
    assert ".written.json: damaged ('../mine.txt'); write a new folder" in done.err
    assert (tmp_path / "mine.txt").read_text() == "mine"


# What cannot be read


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--output: say where to write the card, such as -o card"),
        (("gone.onnx", "-o", "card"), "gone.onnx: cannot read the model"),
        (("--evaluation", "gone", "-o", "card"), "evaluation.json: no such file"),
    ],
)
def test_a_mistake_is_one_line(
    command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("card", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_an_exported_model_is_one_line(command: Command, run: Path, tmp_path: Path) -> None:
    (run / "export" / f"{STUDENT}.onnx").unlink()
    done = command("card", run, "-o", tmp_path / "card")
    assert done.code == 2
    assert f"holds no exported model; make one with `dermdistill export {run}`" in done.err


def test_an_evaluation_of_another_model_is_one_line(command: Command, run: Path, tmp_path: Path) -> None:
    write_evaluation(tmp_path / "clinic", read_json(run / "judgement.json", Judgement), model=str(run))
    done = command("card", "-o", tmp_path / "card", "--evaluation", tmp_path / "clinic")
    assert done.code == 2
    assert f"{tmp_path / 'clinic'}: an evaluation of teacher, " in done.err
    assert "not of dermlet; give one of this model" in done.err


def test_a_file_of_another_run_gets_no_facts_of_this_one(command: Command, run: Path, tmp_path: Path) -> None:
    from dermdistill.inference.model import SHIPPED

    (run / "export" / f"{STUDENT}.onnx").write_bytes(SHIPPED.read_bytes())
    done = command("card", run, "-o", tmp_path / "card")
    assert done.code == 0
    assert "not a model of the run that it lies in" in done.err
    assert not (tmp_path / "card" / "judgement.json").exists()


@pytest.mark.parametrize(
    ("text", "published"),
    [
        ("/home/Dr. M/photographs: 3 images", "photographs: 3 images"),
        ('weights = "/data/models/w.safetensors"', 'weights = "w.safetensors"'),
        (r"C:\Users\M\photographs, ~/more/images", "photographs, images"),
        ("0.92 / 0.65, 1/3, and/or", "0.92 / 0.65, 1/3, and/or"),
        ("https://doi.org/10.1038/sdata.2018.161", "https://doi.org/10.1038/sdata.2018.161"),
        (r"\begin{table} \hline 0.9 \\", r"\begin{table} \hline 0.9 \\"),
    ],
)
def test_folders_are_taken_from_a_text_and_nothing_else(text: str, published: str) -> None:
    assert without_folders(text, ("/home/Dr. M/photographs",)) == published


def test_without_the_library_of_the_hub_it_says_what_to_install(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name, package=None: None)
    done = command("card", "-o", tmp_path / "card")
    assert (done.code, done.out) == (2, "")
    assert done.err == "error: this command needs huggingface_hub: pip install 'dermdistill[card]'\n"
