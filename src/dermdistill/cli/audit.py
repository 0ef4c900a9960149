"""What ``dermdistill audit`` does with its paths; imports nothing of PyTorch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dermdistill.audit.audit import Audit, AuditModel, audit
from dermdistill.audit.findings import KINDS
from dermdistill.audit.findings_csv import is_findings, write_findings
from dermdistill.audit.left_out import images_at_fault, is_cleaned_split, write_cleaned_split
from dermdistill.audit.page import render
from dermdistill.audit.seen import run_of
from dermdistill.cores import default_workers
from dermdistill.data.fixed_split import read_fixed_split, with_split
from dermdistill.data.sources import read_sources
from dermdistill.errors import UserError
from dermdistill.files import write_text
from dermdistill.inference.features import FeatureModel
from dermdistill.inference.model import model_file
from dermdistill.messages import inform, note
from dermdistill.outputs import open_output
from dermdistill.reading import Reading
from dermdistill.records import DataSet
from dermdistill.signed_page import is_unedited, sign


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that an audit writes; the table of findings lies beside the page."""

    page: Path
    left_out: Path | None

    @property
    def table(self) -> Path:
        """Of all findings."""
        return self.page.with_suffix(".csv")

    def check(self, reads: Sequence[Path]) -> None:
        """Raise UserError unless all of them may be written; ``reads`` are files that the command reads."""
        chosen = [path.resolve() for path in (self.page, self.table, self.left_out) if path is not None]
        if len(set(chosen)) < len(chosen):
            raise UserError(
                f"{self.left_out or self.page}: the page, its table ({self.table}) and --left-out must "
                "be three files; expected a page such as audit.html"
            )
        for path, option, expected, is_ours in (
            (self.page, "--output", "a page of an audit as this program wrote it", is_unedited),
            (self.table, "--output", "a table of findings", is_findings),
            (self.left_out, "--left-out", "a split file of an audit", is_cleaned_split),
        ):
            if path is not None:
                open_output(path, option, expected=expected, is_ours=is_ours, reads=reads)


def audit_data(
    paths: Sequence[Path],
    outputs: Outputs,
    *,
    split: Path | None,
    model: Path | None,
    reading: Reading,
    workers: int | None,
) -> None:
    """Audit a data set, write what was found, and print how much of each kind there is."""
    outputs.check([path for path in (*paths, split) if path is not None and path.is_file()])
    looked_with = _model(model)
    dataset = read_sources(paths, replace(reading, contradictions=True))
    if split is not None:
        dataset = with_split(dataset, read_fixed_split(split))
    _announce(dataset)
    found = audit(dataset, looked_with, workers=workers or default_workers(), progress=True)
    for text in found.notes[len(dataset.notes) :]:
        note(text)
    name = " and ".join(path.resolve().name for path in paths)
    called = "the packaged model" if model is None else str(model)
    write_text(outputs.page, sign(render(found, called, title=name)))
    write_findings(outputs.table, found)
    _print_counts(found)
    if outputs.left_out is not None:
        kept, out = write_cleaned_split(outputs.left_out, dataset.records, found.findings)
        inform(f"{outputs.left_out}: {kept} images stay, {out} are left out")
    inform(f"page: {outputs.page}; all findings: {outputs.table}")


def _announce(dataset: DataSet) -> None:
    inform(f"data: {len(dataset.records)} images, layout {dataset.layout}")
    for text in dataset.notes:
        note(text)


def _model(given: Path | None) -> AuditModel:
    path = model_file(given)
    return AuditModel(path, run_of(given or path), FeatureModel.read(path))


def _print_counts(found: Audit) -> None:
    counts = Counter(finding.kind for finding in found.findings)
    for name, kind in KINDS.items():
        print(f"{counts[name]:>6}  {kind.title}")
    print(f"{len(images_at_fault(found.findings)):>6}  images that --left-out leaves out")
