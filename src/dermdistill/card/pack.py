"""The folder: every file of the evidence, and how it is written without losing anything."""

import hashlib
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermdistill.card.checklists import as_csv, as_markdown, filled_in
from dermdistill.card.citation import citation_cff, zenodo_json
from dermdistill.card.facts import DOCUMENT, Evidence, facts_of
from dermdistill.card.figures import TestSet, measured_on
from dermdistill.card.licence import licence_of
from dermdistill.card.model_card import card_of
from dermdistill.card.recorded import without_folders
from dermdistill.card.subject import Subject, read_subject
from dermdistill.errors import UserError, printable
from dermdistill.files import cannot_write, write_bytes
from dermdistill.json_files import Frozen, is_json_of, read_json, write_json
from dermdistill.judgement.judgement import Judgement
from dermdistill.outputs import check_folder
from dermdistill.spreadsheet import csv_line, text_cell

DIGESTS = "SHA256SUMS"
INDEX = ".written.json"
"""By which a folder is recognised, and a file that was changed since; it is not uploaded."""

Contents = Mapping[str, bytes]


class Written(Frozen):
    """What this program wrote into a folder: names, and the digests of what it wrote under them."""

    files: dict[str, tuple[str, ...]]


def collect(model: Path | None, evaluations: Sequence[Path]) -> Contents:
    """Every file of the folder by its name; the same records give the same bytes.

    Args:
        model: as of ``subject.read_subject``.
        evaluations: as of ``subject.read_subject``.

    Raises:
        UserError: see ``subject.read_subject``.
    """
    subject = read_subject(model, evaluations)
    test_sets, licence = tuple(measured_on(subject)), licence_of(subject.info)
    evidence = Evidence(subject, facts_of(subject, test_sets, licence), test_sets, licence)
    checklists = filled_in(evidence.facts)
    contents = {path.name: path.read_bytes() for path in subject.files}
    contents |= _records(subject)
    contents["tables/figures.csv"] = _figures_csv(test_sets).encode()
    for each in checklists:
        contents[f"checklists/{each.file}.md"] = as_markdown(each, subject.name).encode()
        contents[f"checklists/{each.file}.csv"] = as_csv(each).encode()
    contents["CITATION.cff"] = citation_cff(evidence).encode()
    contents[".zenodo.json"] = zenodo_json(evidence).encode()
    if licence is not None:
        contents["LICENSE"] = licence.text.encode()
    contents["README.md"] = str(card_of(evidence, checklists, sorted({*contents, DIGESTS}))).encode()
    return {**contents, DIGESTS: _digest_lines(contents).encode()}


def _records(subject: Subject) -> dict[str, bytes]:
    """What was recorded of the model: judgements, recipe, tables, parity; no names of images or folders."""
    records = {}
    for document in subject.documents:
        name = DOCUMENT if document.suffix == ".md" else document.name
        records[name] = document.read_bytes()
    if subject.parity is not None:
        records["parity.json"] = _json(subject.parity.model_dump_json(indent=2))
    for each in subject.elsewhere:
        records[f"evaluations/{each.name}/judgement.json"] = _judgement(each.judgement, ())
    if subject.run is not None:
        files = subject.run.files
        paths = files.manifest.data.paths
        records["judgement.json"] = _judgement(subject.run.judgement, paths)
        records["recipe.toml"] = without_folders(files.recipe_text, ()).encode()
        for ending in ("csv", "md", "tex"):
            for path in files.run.tables.glob(f"*.{ending}"):
                text = path.read_text(encoding="utf-8")
                records[f"tables/{path.name}"] = without_folders(text, paths).encode()
    return records


def _judgement(judgement: Judgement, paths: Sequence[str]) -> bytes:
    """A judgement without the names of single images, which may be those of patients, and of folders."""
    notes = tuple(without_folders(text, paths) for text in judgement.notes)
    groups = {name: group.model_copy(update={"most_wrong": ()}) for name, group in judgement.groups.items()}
    return _json(judgement.model_copy(update={"groups": groups, "notes": notes}).model_dump_json(indent=2))


def _json(text: str) -> bytes:
    return f"{text}\n".encode()


def _figures_csv(test_sets: Sequence[TestSet]) -> str:
    header = (
        "test_set",
        "images",
        "melanomas",
        "evaluated",
        "figure",
        "value",
        "low",
        "high",
        "file",
        "field",
    )
    rows = [
        (
            each.name,
            str(each.images),
            str(each.melanomas),
            each.what,
            figure.name,
            *(
                "" if number is None else f"{number:.6g}"
                for number in (figure.value, figure.low, figure.high)
            ),
            each.source,
            figure.where,
        )
        for each in test_sets
        for figure in each.figures
    ]
    return "".join(csv_line(map(text_cell, row)) for row in (header, *rows))


def _digest_lines(contents: Contents) -> str:
    """As ``sha256sum`` writes and checks them."""
    return "".join(f"{_digest(content)}  {name}\n" for name, content in sorted(contents.items()))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def check_place(folder: Path) -> None:
    """Raise UserError unless the folder is new, empty, or one that this program wrote."""
    check_folder(
        folder, "--output", expected="a folder of `dermdistill card`", is_ours=lambda: is_folder(folder)
    )


def is_folder(folder: Path) -> bool:
    """Whether this program wrote the folder."""
    return is_json_of(folder / INDEX, Written)


def written_files(folder: Path) -> dict[str, tuple[str, ...]]:
    """Names of the files that this program wrote there, with the digests of what it wrote."""
    files = read_json(folder / INDEX, Written).files
    outside = [name for name in files if Path(name).is_absolute() or ".." in Path(name).parts]
    if outside:
        raise UserError(f"{printable(str(folder / INDEX))}: damaged ({outside[0]!r}); write a new folder")
    return files


def write(folder: Path, contents: Contents) -> None:
    """Write the folder; a new one appears whole, files in one that exists are replaced one by one.

    Raises:
        UserError: a file there is not as this program wrote it, or cannot be written.
    """
    digests = {name: (_digest(content),) for name, content in contents.items()}
    if folder.is_dir() and any(folder.iterdir()):
        _update(folder, contents, digests)
        return
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
            whole = Path(temporary) / folder.name
            for name, content in contents.items():
                write_bytes(whole / name, content)
            write_json(whole / INDEX, Written(files=digests))
            whole.replace(folder)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _update(folder: Path, contents: Contents, digests: Mapping[str, tuple[str, ...]]) -> None:
    known = written_files(folder) if is_folder(folder) else {}
    for name in {**known, **contents}:
        path = folder / name
        if os.path.lexists(path) and not _is_as_written(path, known.get(name, ()), contents.get(name)):
            raise UserError(
                f"{printable(str(path))}: is not as `dermdistill card` wrote it; move it away, or choose "
                "another --output"
            )
    # A kill leaves files of before beside new ones; both are ours.
    both = {name: (*known.get(name, ()), *digests.get(name, ())) for name in {**known, **digests}}
    write_json(folder / INDEX, Written(files=both))
    for name in sorted(set(known) - set(contents)):
        _remove(folder, Path(name))
    for name, content in contents.items():
        write_bytes(folder / name, content)
    write_json(folder / INDEX, Written(files=dict(digests)))


def _remove(folder: Path, name: Path) -> None:
    """Remove a file, and the folders that are empty without it."""
    (folder / name).unlink(missing_ok=True)
    for parent in name.parents[:-1]:
        if (folder / parent).is_dir() and not any((folder / parent).iterdir()):
            (folder / parent).rmdir()


def _is_as_written(path: Path, digests: Sequence[str], content: bytes | None) -> bool:
    if not path.is_file() or path.is_symlink():
        return False
    found = path.read_bytes()
    return _digest(found) in digests or found == content


def with_edits(folder: Path) -> list[str]:
    """Make the digests those of the files as they are now, edited by hand; returns the names of all files."""
    known = written_files(folder)
    names = [name for name in known if (folder / name).is_file()]
    now = {name: (folder / name).read_bytes() for name in names if name != DIGESTS}
    lines = _digest_lines(now).encode()
    write_bytes(folder / DIGESTS, lines)
    write_json(folder / INDEX, Written(files={**known, DIGESTS: (*known.get(DIGESTS, ()), _digest(lines))}))
    return [*now, DIGESTS]
