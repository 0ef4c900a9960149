"""What the ids and diagnoses of the records contradict: lesions of two diagnoses, lesions in two splits."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from dermdistill.audit.findings import Finding
from dermdistill.audit.left_out import preference
from dermdistill.data.diagnoses import contradict
from dermdistill.data.grouping import connected
from dermdistill.records import Record


def two_diagnoses(records: Sequence[Record]) -> list[Finding]:
    """Lesions whose images have diagnoses that contradict each other, an example of each pair of these."""
    findings = []
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        rows_of[record.lesion_id].append(row)
    for lesion, rows in rows_of.items():
        first = {records[row].diagnosis: row for row in reversed(rows)}
        about_melanoma = len({records[row].is_melanoma for row in rows}) > 1
        findings += [
            Finding(
                "lesion-with-two-diagnoses",
                (first[one], first[other]),
                0.0 if about_melanoma else 1.0,
                f"lesion {lesion}: {_counted(records, rows, one)}, {_counted(records, rows, other)}",
                tuple(rows) if about_melanoma else (),
            )
            for one, other in combinations(sorted(first), 2)
            if contradict(one, other)
        ]
    return sorted(findings, key=lambda finding: finding.score)


def two_splits(records: Sequence[Record], copies: Sequence[Finding]) -> list[Finding]:
    """Lesions and patients whose images are in more than one split; copies of one picture are of one lesion.

    Pairs of copies that nothing else belongs to are not named again.

    Args:
        records: of the data set.
        copies: findings of exact and near copies.
    """
    findings = []
    for rows in _belonging_together(records, copies):
        of_split = _by_split(records, rows)
        if len(of_split) < 2 or any(set(finding.images) == set(rows) for finding in copies):
            continue
        kept, *moved = of_split.values()
        counts = ", ".join(f"{len(there)} in {split}" for split, there in of_split.items())
        findings.append(
            Finding(
                "lesion-in-two-splits",
                (kept[0], moved[0][0]),
                len(rows),
                f"{_called(records, rows)}: {counts}",
                tuple(row for there in moved for row in there),
            )
        )
    return findings


def _belonging_together(records: Sequence[Record], copies: Sequence[Finding]) -> Iterator[list[int]]:
    keys = [{f"lesion:{record.lesion_id}", record.group} for record in records]
    for number, finding in enumerate(copies):
        for row in finding.images:
            keys[row].add(f"copy:{number}")
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(connected(keys)):
        rows_of[group].append(row)
    yield from (rows for rows in rows_of.values() if len(rows) > 1)


def _called(records: Sequence[Record], rows: Sequence[int]) -> str:
    lesions, patients = (
        {getattr(records[row], name) for row in rows} for name in ("lesion_id", "patient_id")
    )
    if len(lesions) == 1:
        return f"lesion {lesions.pop()}"
    if len(patients) == 1 and (patient := patients.pop()) is not None:
        return f"patient {patient}"
    return f"{len(lesions)} lesions that copies or patients join"


def _by_split(records: Sequence[Record], rows: Sequence[int]) -> dict[str, list[int]]:
    """The rows of each split, the one that keeps its images first."""
    found: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda row: preference(records[row])):
        if (split := records[row].split) is not None:
            found.setdefault(split, []).append(row)
    return found


def _counted(records: Sequence[Record], rows: Sequence[int], diagnosis: str) -> str:
    count = sum(records[row].diagnosis == diagnosis for row in rows)
    return f"{count} {'image' if count == 1 else 'images'} {diagnosis}"
