"""What ``dermdistill explain`` does; imports nothing of PyTorch."""

import itertools
import json
import os
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from dermdistill.cli.scoring_model import introduce
from dermdistill.data.dicom import SeveralFramesError
from dermdistill.data.images import IMAGE_SUFFIXES, read_image
from dermdistill.errors import UserError, printable
from dermdistill.files import check_writable
from dermdistill.inference.contact_sheet import MOST_PICTURES, ContactSheet, Order
from dermdistill.inference.detector import NOT_DERMOSCOPIC
from dermdistill.inference.explain import FINDINGS, Explanation, explain_decoded
from dermdistill.inference.explanation_picture import PANEL, draw_explanation, is_our_picture, to_png
from dermdistill.inference.inputs import STDIN, Inputs
from dermdistill.inference.model import Model, load
from dermdistill.inference.rows import row_dict
from dermdistill.inference.stream import ScoredImage, size_of
from dermdistill.inference.wording import WITHHELD, headline
from dermdistill.messages import counted, inform, note, warn
from dermdistill.outputs import Output, open_output
from dermdistill.records import Pixels

_MOST_STEM_BYTES = 200
"""File systems take names of 255 bytes, and writing adds to them for a moment."""


@dataclass(slots=True)
class Pictures:
    """Where the pictures go: one file, or a name of its own in a folder for each photograph.

    Attributes:
        inputs: the photographs, which no picture replaces.
        file: of the one picture; None where each has a name of its own.
        folder: of the pictures.
        sheet: of the contact sheet; None for none.
        order: of the photographs on the sheet.
        overwrite: replace what this program did not draw.

    Raises:
        UserError: a name that cannot be a picture's, or a place that cannot be written.
    """

    inputs: Inputs
    file: Path | None
    folder: Path
    sheet: Path | None = None
    order: Order = "input"
    overwrite: bool = False
    _taken: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, inputs: Inputs, out: Path | None, sheet: Path | None, order: Order, *, overwrite: bool = False
    ) -> Self:
        """What the options say."""
        if out is None:
            folder = Path() if inputs.is_one_file else Path("explained")
            return cls(inputs, None, folder, sheet, order, overwrite)
        names_a_file = bool(out.suffix) if inputs.is_one_file else out.suffix.lower() in IMAGE_SUFFIXES
        if out.is_dir() or not names_a_file:
            return cls(inputs, None, out, sheet, order, overwrite)
        if not inputs.is_one_file:
            raise UserError(
                f"{printable(str(out))}: is one file for several pictures; name a folder for --output"
            )
        return cls(inputs, out, out.parent, sheet, order, overwrite)

    def __post_init__(self) -> None:
        check_writable(self.folder.absolute())
        for path, option in ((self.file, "--output"), (self.sheet, "--sheet")):
            if path is not None:
                self.output(path, option)
        if self.sheet is None:
            return
        if self.file is not None and _real(self.sheet) == _real(self.file):
            raise UserError(
                f"{printable(str(self.sheet))}: named for --output and --sheet; choose another file"
            )
        if _real(self.sheet).parent == _real(self.folder):
            self._taken.add(_real(self.sheet).name.casefold())

    def target(self, row: ScoredImage) -> Output:
        """Where the picture of a photograph goes; raises UserError if something else is there."""
        return self.output(self.file or self.folder / self._own_name(row), "--output")

    def output(self, path: Path, option: str) -> Output:
        """A place for a picture; raises UserError if something else is there."""
        name = printable(str(path))
        if path.suffix.lower() != ".png" and not (path.exists() and not path.is_file()):
            raise UserError(f"{name}: the picture is a PNG; give a name that ends in .png for {option}")
        # A list on standard input is read once only; pictures of this program are left out of the inputs.
        known = () if STDIN in self.inputs.paths or is_our_picture(path) else self.inputs
        return open_output(
            path,
            option,
            expected="a picture of this program",
            is_ours=is_our_picture,
            reads=known,
            overwrite=self.overwrite,
        )

    def _own_name(self, row: ScoredImage) -> str:
        """After the photograph; numbered where another photograph of this command has that name."""
        stem = Path(row.path).stem
        while len(os.fsencode(stem)) > _MOST_STEM_BYTES:
            stem = stem[:-1]
        stem += "" if row.frame is None else f"-frame{row.frame}"
        numbers = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
        names = (f"{stem}{number}-explained.png" for number in numbers)
        # Some file systems do not tell upper from lower case.
        name = next(name for name in names if name.casefold() not in self._taken)
        self._taken.add(name.casefold())
        return name


def explain_files(
    inputs: Inputs,
    pictures: Pictures,
    *,
    frame: int | None,
    model: Path | None,
    point: str | None,
    prevalence: float | None,
    as_json: bool,
) -> int:
    """Write a picture for each photograph, and a sheet of all if one is wanted; print the answers.

    Returns:
        How many files could not be explained.

    Raises:
        UserError: no such model or operating point, a folder without images, no room for a picture.
        SystemExit: 130, on Ctrl-C.
    """
    loaded = load(model, operating_point=point, prevalence=prevalence)
    for text in inputs.notes():
        note(text)
    introduce(loaded, model)
    session = _Session(loaded, pictures, prevalence, as_json)
    try:
        for path in inputs:
            session.add(path, frame)
    except KeyboardInterrupt:
        print(f"interrupted; {session.sheet.added} pictures are written", file=sys.stderr)
        raise SystemExit(130) from None
    session.close()
    return session.failed


@dataclass(slots=True)
class _Session:
    """One command: what it was told, and what it has done."""

    model: Model
    pictures: Pictures
    prevalence: float | None
    as_json: bool
    failed: int = 0
    own_pictures: int = 0
    runs: int = 0
    seconds: float = 0.0
    sheet: ContactSheet = field(init=False)

    def __post_init__(self) -> None:
        self.sheet = ContactSheet(self.pictures.order)

    def add(self, path: str, frame: int | None) -> None:
        """Explain all images of a file, or one of them; an error is a line."""
        if is_our_picture(Path(path)):
            self.own_pictures += 1
            return
        try:
            self._explain(ScoredImage(path, None, frame=frame, file_bytes=size_of(path)))
        except SeveralFramesError as several:
            if self.pictures.file is not None:
                hint = (
                    f"holds {several.frames} frames; choose one with --frame, or name a folder for --output"
                )
                self._say_error(ScoredImage(path, None, f"{path}: {hint}"))
                return
            for number in range(1, several.frames + 1):
                self._explain(ScoredImage(path, None, frame=number, file_bytes=size_of(path)))

    def close(self) -> None:
        """Write the sheet and say what was done."""
        sheet = self.pictures.sheet
        if self.own_pictures:
            note(f"left out {self.own_pictures} pictures that this program drew")
        if sheet is not None and self.sheet.added:
            picture = self.sheet.finished(
                headline(self.model.model_id, self.model.operating_point), self.failed
            )
            self.pictures.output(sheet, "--sheet").write(to_png(picture))
            shown = (
                f", {MOST_PICTURES} of {self.sheet.added} photographs"
                if self.sheet.added > MOST_PICTURES
                else ""
            )
            inform(f"sheet: {printable(str(sheet))}{shown}")
        inform(
            f"wrote {counted(self.sheet.added, 'picture')}: {self.runs:,} runs of the network in "
            f"{self.seconds:.1f} s"
        )
        if self.failed:
            warn(f"{counted(self.failed, 'file')} could not be explained; see the errors")

    def _explain(self, row: ScoredImage) -> None:
        began = time.perf_counter()
        try:
            read = self.model.read(Path(row.path), frame=row.frame)
            target = self.pictures.target(row)
            explanation = explain_decoded(self.model, read)
            photograph = read_image(Path(row.path), 2 * PANEL, frame=row.frame).pixels
        except SeveralFramesError:
            raise
        except UserError as error:
            self._say_error(replace(row, error=str(error)))
            return
        self.seconds += time.perf_counter() - began
        self.runs += explanation.runs
        self._write(row, explanation, photograph, target)

    def _write(self, row: ScoredImage, explanation: Explanation, photograph: Pixels, target: Output) -> None:
        name = printable(Path(row.name).name)
        target.write(to_png(draw_explanation(explanation, photograph, name, self.prevalence)))
        self.sheet.add(explanation, photograph, name)
        if self.as_json:
            predicted = row_dict(replace(row, prediction=explanation.prediction), self.model)
            findings = {key: value for key, value in explanation.to_dict().items() if key in FINDINGS}
            print(json.dumps(predicted | findings | {"picture": str(target.path)}), flush=True)
        else:
            print(_line(row, explanation, target.path), flush=True)

    def _say_error(self, row: ScoredImage) -> None:
        self.failed += 1
        if self.as_json:
            print(json.dumps(row_dict(row, self.model) | dict.fromkeys((*FINDINGS, "picture"))), flush=True)
        else:
            print(f"error: {printable(row.error or '')}", flush=True)


def _real(path: Path) -> Path:
    """The file itself, however its path is spelled and whatever links lead to it."""
    return Path(os.path.realpath(path))


def _line(row: ScoredImage, explanation: Explanation, target: Path) -> str:
    prediction, views, occlusion = explanation.prediction, explanation.views, explanation.occlusion
    remarks = list(prediction.warnings)
    if occlusion.decisive == 0:
        remarks.insert(0, "no single place explains it")
    return "; ".join(
        (
            f"{printable(row.name)}: P(melanoma) {prediction.probability:.3f} ({views.lowest:.3f} to "
            f"{views.highest:.3f} over {len(views.probabilities)} views)",
            WITHHELD if NOT_DERMOSCOPIC in prediction.warnings else prediction.decision,
            *remarks,
            f"picture: {printable(str(target))}",
        )
    )
