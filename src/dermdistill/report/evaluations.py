"""What the report of a run shows of the run's evaluations on other data."""

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from dermdistill.errors import UserError
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Judgement
from dermdistill.report import numbers
from dermdistill.report.table import (
    NOT_CHOSEN,
    Table,
    TableCell,
    TableRow,
    figure,
    mean_figure,
    section,
    text,
)
from dermdistill.runs import RunFolder


def evaluations_table(folders: Sequence[RunFolder]) -> Table:
    """A row per evaluation and group of models; one that this version cannot read is named."""
    columns = ("images", "melanomas", "AUC", "sensitivity", "specificity")
    rows = tuple(row for folder in folders for row in _rows(folder))
    return Table("evaluations", "The models on other data", ("", *columns), rows)


def _rows(folder: RunFolder) -> Iterator[TableRow]:
    name = folder.path.name
    try:
        judgement = read_json(folder.judgement, Judgement)
    except UserError:
        yield section(f"{name}: unfinished, or made by another version; evaluate again")
        return
    yield section(name)
    for group in judgement.groups.values():
        counts = (TableCell(numbers.count(n)) for n in (group.mean.n_images, group.mean.n_melanoma))
        of = group.decision
        decided = (NOT_CHOSEN,) * 2 if of is None else (figure(of.sensitivity), figure(of.specificity))
        yield TableRow(text(group.label), (*counts, mean_figure(group.mean.auc), *decided))


def evaluation_pages(run: RunFolder) -> list[tuple[str, str]]:
    """Name and link of each report, from the page of the run."""
    pages = [folder.report for folder in run.evaluations() if folder.report.exists()]
    return [(page.parent.name, quote(page.relative_to(run.path).as_posix())) for page in pages]
