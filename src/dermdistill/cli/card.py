"""What ``dermdistill card`` does; imports nothing of PyTorch."""

from collections.abc import Sequence
from pathlib import Path

from dermdistill.card.pack import check_place, collect, is_folder, with_edits, write
from dermdistill.card.push import check_repository, push
from dermdistill.errors import UserError, printable
from dermdistill.messages import inform, warn


def write_card(
    model: Path | None, folder: Path | None, *, evaluations: Sequence[Path], repository: str | None
) -> None:
    """Write the evidence of a model into a folder, and upload it if asked.

    Args:
        model: as of ``card.subject.read_subject``; or a folder that was written before, to upload as it is.
        folder: where to write.
        evaluations: of the model on other data.
        repository: on the Hub; None uploads nothing.

    Raises:
        UserError: no such model, a place that cannot be written, or a repository that cannot.
    """
    if repository is not None:
        check_repository(repository)
    if model is not None and is_folder(model):
        folder, names = model, _of_written_folder(model, folder, evaluations, repository)
    else:
        folder, names = _written(model, folder, evaluations)
    if repository is not None:
        inform(f"uploaded to {push(folder, names, repository)}")


def _of_written_folder(
    written: Path, folder: Path | None, evaluations: Sequence[Path], repository: str | None
) -> list[str]:
    """The names of its files, with what was edited by hand."""
    if repository is None or folder is not None or evaluations:
        raise UserError(
            f"{printable(str(written))}: is a folder of `dermdistill card`; upload it with --push REPO "
            "alone, or name the model to write it again"
        )
    return with_edits(written)


def _written(model: Path | None, folder: Path | None, evaluations: Sequence[Path]) -> tuple[Path, list[str]]:
    if folder is None:
        raise UserError("--output: say where to write the card, such as -o card")
    check_place(folder)
    contents = collect(model, evaluations)
    write(folder, contents)
    if "LICENSE" not in contents:
        warn("no licence is recorded; find out that of the training images before you publish the model")
    inform(f"wrote {printable(str(folder))}: {len(contents)} files; begin with README.md")
    return folder, [*contents]
