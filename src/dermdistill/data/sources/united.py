"""Several sources as one data set: pictures, lesions and patients that occur in more than one count once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from dermdistill.data.diagnoses import contradict
from dermdistill.data.grouping import connected, id_key
from dermdistill.data.sources.on_disk.copies import can_be_decoded, contents_of
from dermdistill.data.sources.on_disk.photographs import archive_id
from dermdistill.errors import UserError
from dermdistill.records import LAYOUTS_JOINED, DataSet, Record


def source_names(paths: Sequence[Path]) -> list[str]:
    """What to call each source: the name of its folder or file, with folders above it where two are alike.

    Raises:
        UserError: a path is given twice.
    """
    resolved = [path.resolve() for path in paths]
    twice = [path for path, real in zip(paths, resolved, strict=True) if resolved.count(real) > 1]
    if twice:
        raise UserError(f"{twice[-1]}: given twice as data; leave one out")
    used = [1] * len(resolved)
    while True:
        names = ["/".join(path.parts[-parts:]) for path, parts in zip(resolved, used, strict=True)]
        alike = [i for i, name in enumerate(names) if names.count(name) > 1]
        if not alike:
            return names
        for i in alike:
            used[i] += 1


def unite(datasets: Sequence[DataSet], names: Sequence[str], *, contradictions: bool = False) -> DataSet:
    """One data set of all records, each with the name of its source.

    A picture that has the same name and content in two sources is kept once. Copies under other names, and
    versions of one archive's picture (another size, say), stay and count as one lesion. Lesion and patient
    ids mean the same in all sources: that can keep images together that need not be, but never puts one
    lesion or patient on both sides of a split. Names that stand for different images become
    ``<source>/<name>``.

    Args:
        datasets: at least one.
        names: of their sources, all different.
        contradictions: see ``reading.Reading``.

    Raises:
        UserError: two sources contradict each other on whether a picture shows a melanoma, unless that is
            wanted.
    """
    parts = [
        [replace(record, source=name) for record in data.records]
        for data, name in zip(datasets, names, strict=True)
    ]
    if len(datasets) == 1:
        return replace(datasets[0], records=tuple(parts[0]))
    records, notes = _united([record for part in parts for record in part], contradictions)
    own_notes = [f"{name}: {note}" for data, name in zip(datasets, names, strict=True) for note in data.notes]
    layouts = dict.fromkeys(data.layout for data in datasets)
    labels = Counter[str]()
    for data in datasets:
        labels.update(data.names)
    return DataSet(
        LAYOUTS_JOINED.join(layouts), None, tuple(records), notes=(*own_notes, *notes), names=labels
    )


@dataclass(frozen=True, slots=True)
class _SharedPictures:
    """What the sources have in common; everything is by row of the records.

    Attributes:
        picture: the first row that shows the same picture.
        repeats: rows of the same name and content as an earlier row, and that row.
        renamed: rows whose name stands for another image in another source.
    """

    picture: Sequence[int]
    repeats: dict[int, int]
    renamed: frozenset[int]


def _united(records: Sequence[Record], contradictions: bool) -> tuple[list[Record], list[str]]:
    contents = contents_of(records)
    keys = [
        [f"picture:{_picture(record)}", *(f"content:{each}" for each in own)]
        for record, own in zip(records, contents, strict=True)
    ]
    found = _compare_names(records, contents, connected(keys))
    lesions = _lesion_keys(records)
    notes = [
        *([] if contradictions else _check_diagnoses(records, found.picture)),
        *_notes(records, found),
        *_in_several_sources("lesion", zip(records, lesions, strict=True)),
        *_in_several_sources("patient", ((record, record.patient_id) for record in records)),
    ]
    groups = connected(
        [
            [
                *own,
                f"alone:{record.source}/{record.lesion_id}" if lesion is None else f"lesion:{id_key(lesion)}",
            ]
            for record, own, lesion in zip(records, keys, lesions, strict=True)
        ]
    )
    united = _with_one_patient_a_lesion(_with_one_lesion_a_group(_with_own_names(records, found), groups))
    for row, first in found.repeats.items():
        united[first] = _completed(united[first], united[row])
    return [record for row, record in enumerate(united) if row not in found.repeats], notes


def _picture(record: Record) -> str:
    """What names the picture: the id of a published archive; IMG_0001 may be another in another source."""
    return archive_id(PurePath(record.image_id).name) or f"{record.source}/{record.image_id}"


def _compare_names(
    records: Sequence[Record], contents: Sequence[Sequence[str]], picture: Sequence[int]
) -> _SharedPictures:
    rows_of: defaultdict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        rows_of[record.image_id].append(row)
    repeats: dict[int, int] = {}
    renamed: set[int] = set()
    for rows in rows_of.values():
        different: list[int] = []
        for row in rows:
            first = next((each for each in different if _is_repeat(records, contents, row, each)), None)
            if first is None:
                different.append(row)
            else:
                repeats[row] = first
        if len(different) > 1:
            renamed.update(rows)
    return _SharedPictures(picture, repeats, frozenset(renamed))


def _is_repeat(records: Sequence[Record], contents: Sequence[Sequence[str]], row: int, first: int) -> bool:
    # Two splits for one picture must come to light when the splits are checked, two labels in an audit.
    splits = {records[row].split, records[first].split} - {None}
    same_label = records[row].is_melanoma == records[first].is_melanoma
    return bool(contents[row]) and contents[row] == contents[first] and len(splits) < 2 and same_label


def _lesion_keys(records: Sequence[Record]) -> list[str | None]:
    """The lesion id of each record; None where it is but the name of an image of the same source."""
    alone = {(record.source, record.image_id) for record in records if record.lesion_id == record.image_id}
    return [None if (record.source, record.lesion_id) in alone else record.lesion_id for record in records]


def _with_own_names(records: Sequence[Record], found: _SharedPictures) -> list[Record]:
    return [_renamed(record) if row in found.renamed else record for row, record in enumerate(records)]


def _renamed(record: Record) -> Record:
    name = f"{record.source}/{record.image_id}"
    return replace(
        record, image_id=name, lesion_id=name if record.lesion_id == record.image_id else record.lesion_id
    )


def _with_one_lesion_a_group(records: Sequence[Record], groups: Sequence[int]) -> list[Record]:
    """Every group takes the lesion id of its first record, unless an earlier group has it."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for group in dict.fromkeys(groups):
        first = records[group]
        name = first.lesion_id if first.lesion_id not in taken else f"{first.source}/{first.lesion_id}"
        names[group] = name
        taken.add(name)
    return [
        record if record.lesion_id == names[group] else replace(record, lesion_id=names[group])
        for record, group in zip(records, groups, strict=True)
    ]


def _with_one_patient_a_lesion(records: Sequence[Record]) -> list[Record]:
    """Each lesion has one patient, whose id may differ between sources, or be known in one of them only."""
    groups = connected(
        [
            [f"lesion:{record.lesion_id}"]
            + ([] if record.patient_id is None else [f"patient:{id_key(record.patient_id)}"])
            for record in records
        ]
    )
    patients: dict[int, str] = {}
    for record, group in zip(records, groups, strict=True):
        if record.patient_id is not None:
            patients.setdefault(group, record.patient_id)
    return [
        record if record.patient_id == patients.get(group) else replace(record, patient_id=patients[group])
        for record, group in zip(records, groups, strict=True)
    ]


def _completed(record: Record, repeat: Record) -> Record:
    """What one source leaves blank, another may know."""
    return replace(
        record,
        split=record.split or repeat.split,
        age=repeat.age if record.age is None else record.age,
        sex=record.sex or repeat.sex,
        site=record.site or repeat.site,
        skin_type=record.skin_type or repeat.skin_type,
        collection=record.collection or repeat.collection,
    )


def _check_diagnoses(records: Sequence[Record], picture: Sequence[int]) -> list[str]:
    pairs = [(record, records[first]) for record, first in zip(records, picture, strict=True)]
    clashes = [
        (record, first)
        for record, first in pairs
        if record.is_melanoma != first.is_melanoma and can_be_decoded(record)
    ]
    if clashes:
        record, first = clashes[0]
        others = f" (and {len(clashes) - 1} more such images)" if len(clashes) > 1 else ""
        raise UserError(
            f"{record.image.name}: the same picture as {first.image.name}, but {record.diagnosis} here and "
            f"{first.diagnosis} there{others}; keep the right one"
        )
    differing = [(one, first) for one, first in pairs if contradict(one.diagnosis, first.diagnosis)]
    if not differing:
        return []
    record, first = differing[0]
    return [
        f"{len(differing)} pictures have different diagnoses in two sources, none of them melanoma: both are "
        f"kept ({record.image.name}: {record.diagnosis}; {first.image.name}: {first.diagnosis})"
    ]


def _notes(records: Sequence[Record], found: _SharedPictures) -> list[str]:
    """What happened to images that several sources hold."""
    again = [
        row
        for row, first in enumerate(found.picture)
        if row not in found.repeats and records[row].source != records[first].source
    ]
    names = {records[row].image_id for row in found.renamed}
    counts = (
        (len(found.repeats), "images are in several sources, with one name and content: each is kept once"),
        (
            len(again),
            "images show a picture of another source (a copy, another size): both count as one lesion",
        ),
        (len(names), "names stand for different images in different sources: they become <source>/<name>"),
    )
    return [f"{count} {what}" for count, what in counts if count]


def _in_several_sources(what: str, ids: Iterable[tuple[Record, str | None]]) -> list[str]:
    sources: defaultdict[str, set[str]] = defaultdict(set)
    for record, name in ids:
        if name is not None:
            sources[name].add(record.source)
    shared = [name for name, where in sources.items() if len(where) > 1]
    if not shared:
        return []
    return [f"{len(shared)} {what} ids occur in several sources ({shared[0]}): each is taken for one {what}"]
