"""Labels that only say yes or no, such as 0 and 1: for an evaluation they mean melanoma, or not."""

from collections import Counter
from dataclasses import replace

from dermdistill.data.class_names import with_counts
from dermdistill.data.diagnoses import NOT_MELANOMA, UNDECIDED, canonical
from dermdistill.data.sources.tables.csv_table import CsvTable
from dermdistill.reading import Reading
from dermdistill.records import MELANOMA

YES = frozenset({"1", "1.0", "yes", "y", "true", "t", "positive", "pos", "malignant", "case"})
NO = frozenset({"0", "0.0", "no", "n", "false", "f", "negative", "neg", "benign", "control"})


def as_two_values(table: CsvTable, column: str, reading: Reading) -> tuple[Reading, tuple[str, ...]]:
    """The reading with what the values of a column mean, and a note on it, where all of them are yes or no.

    Only for an evaluation, whose figures show labels that were exchanged, and where the user has not said
    what the labels mean: a network that is trained on carcinomas as melanomas shows nothing.
    """
    if not reading.for_evaluation or reading.positive or reading.labels:
        return reading, ()
    cells = Counter(cell for row in table.rows if (cell := row.cells[column]))
    yes = {cell: count for cell, count in cells.items() if cell.lower() in YES}
    no = {cell: count for cell, count in cells.items() if cell.lower() in NO}
    undecided = sum(canonical(cell) == UNDECIDED for cell in cells)
    if len(yes) + len(no) == 0 or len(yes) + len(no) + undecided < len(cells):
        return reading, ()
    meanings = {**dict.fromkeys(yes, MELANOMA), **dict.fromkeys(no, NOT_MELANOMA)}
    taken = [
        f"{with_counts(names)} for {meaning}"
        for names, meaning in ((yes, MELANOMA), (no, NOT_MELANOMA))
        if names
    ]
    note = f"{table.path.name}: column {column} has {' and '.join(taken)}; if not, say --positive NAME"
    return replace(reading, labels=meanings), (note,)
