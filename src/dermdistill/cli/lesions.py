"""``dermdistill predict`` for lesions that were photographed several times: a row per lesion."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermdistill.cli.answers import Answers
from dermdistill.cli.predict import Destination
from dermdistill.cli.scoring_model import introduce
from dermdistill.cores import default_workers
from dermdistill.data.sources.tables.photograph_table import PhotographOfLesion, read_photographs
from dermdistill.errors import UserError, printable
from dermdistill.files import begins_with
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.lesions import (
    COLUMNS,
    ScoredLesion,
    judge_lesions,
    lesion_point,
    row_dict,
    table,
)
from dermdistill.inference.model import Model, load, model_file
from dermdistill.inference.stream import score_files
from dermdistill.messages import note
from dermdistill.outputs import Output, open_output
from dermdistill.progress import bar
from dermdistill.reading import Reading


@dataclass(frozen=True, slots=True)
class LesionInputs:
    """Which photographs show which lesion.

    Attributes:
        paths: as given: one CSV where a column names the lesions, else what ``predict`` takes.
        recursive: go into the folders of folders.
        reading: the columns of the CSV; None where every folder of photographs is one lesion.
    """

    paths: tuple[str, ...]
    recursive: bool
    reading: Reading | None

    @classmethod
    def of(
        cls,
        paths: Sequence[str],
        recursive: bool,
        lesion_column: str | None,
        image_column: str | None,
        *,
        folders: bool,
    ) -> "LesionInputs":
        """From the options; raises UserError where both a column and folders are to name the lesions."""
        if folders and (lesion_column is not None or image_column is not None):
            raise UserError(
                "--lesion-folders: folders have no columns; leave --lesion-column and the like out"
            )
        reading = None if folders else Reading(lesion_column=lesion_column, image_column=image_column)
        return cls(tuple(paths), recursive, reading)

    def photographs(self) -> list[PhotographOfLesion]:
        """All of them; what is left out, or taken for granted, is a note on standard error.

        Raises:
            UserError: the table, or a folder, cannot be read.
        """
        if self.reading is None:
            inputs = Inputs(self.paths, self.recursive)
            for text in inputs.notes():
                note(text)
            return [PhotographOfLesion(path, str(Path(path).parent)) for path in inputs]
        if len(self.paths) != 1:
            raise UserError("--lesion-column: give one CSV of photographs and their lesions, nothing else")
        found = read_photographs(Path(self.paths[0]), self.reading)
        for text in found.notes:
            note(text)
        return list(found.rows)


def score_lesions(
    inputs: LesionInputs,
    *,
    model: Path | None,
    point: str | None,
    refer_below: str | None,
    prevalence: float | None,
    destination: Destination,
    workers: int | None,
) -> int:
    """Score lesions; returns for how many no answer can be given.

    Raises:
        UserError: as ``predict``, or the photographs and lesions cannot be read.
    """
    photographs = inputs.photographs()
    output = _output(destination, model, [photograph.path for photograph in photographs], inputs)
    loaded = load(model, operating_point=point, refer_below=refer_below, prevalence=prevalence)
    of_lesions = lesion_point(loaded, model, prevalence)
    introduce(loaded, model, of_lesions)
    rows = score_files(loaded, [each.path for each in photographs], workers=workers or default_workers())
    shown = bar(rows, label=None, unit="image", total=len(photographs))
    lesions = judge_lesions(shown, [each.lesion for each in photographs], of_lesions)
    if output is not None:
        output.write(table(lesions, loaded).encode("utf-8", "surrogateescape"))
    answers = Answers.to_stdout("lesion", many="lesions")
    for line in _lines(lesions, loaded, answers, destination):
        print(line)
    answers.close("" if output is None or output.is_stream else f"wrote {printable(str(output.path))}: ")
    return sum(not lesion.predictions for lesion in lesions)


def is_lesion_table(path: Path) -> bool:
    """Whether a file is a table of lesions."""
    return begins_with(path, ",".join(COLUMNS[:4]).encode())


def _lines(
    lesions: Sequence[ScoredLesion], model: Model, answers: Answers, destination: Destination
) -> Iterator[str]:
    """What is printed; the lesions are counted on the way."""
    as_text = destination.table is None and not destination.as_json
    if as_text:
        yield answers.header
    for lesion in lesions:
        text = answers.of_lesion(lesion)
        if destination.as_json:
            yield json.dumps(row_dict(lesion, model))
        elif as_text:
            yield text


def _output(
    destination: Destination, model: Path | None, photographs: Sequence[str], inputs: LesionInputs
) -> Output | None:
    if destination.table is None:
        return None
    tables = inputs.paths if inputs.reading is not None else ()
    return open_output(
        destination.table,
        "--output",
        expected="a table of lesions of `dermdistill predict`",
        is_ours=is_lesion_table,
        reads=(model_file(model), *tables, *photographs),
        overwrite=destination.overwrite,
    )
