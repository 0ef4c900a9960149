"""Training, validation and test images that share no lesion and no patient."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dermdistill.data.grouping import connected
from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, SPLIT_NAMES, Record, SplitName


@dataclass(frozen=True, slots=True)
class _ConnectedRecords:
    """Images that share lesions or patients, and must stay together."""

    members: tuple[int, ...]
    counts: Counter[str]
    key: str

    @property
    def stratum(self) -> str:
        """Melanoma if any image shows it, else the most frequent diagnosis (first by name of several)."""
        if MELANOMA in self.counts:
            return MELANOMA
        return min(self.counts, key=lambda diagnosis: (-self.counts[diagnosis], diagnosis))


def split(
    records: Sequence[Record], *, fractions: tuple[float, float, float] = (0.7, 0.1, 0.2), seed: int
) -> tuple[SplitName, ...]:
    """Assign each record to train, val or test, in the records' order.

    Images that share a lesion or a patient stay together. The images of every diagnosis are divided in the
    given fractions, as nearly as whole groups allow. The outcome depends on the seed and the records, not on
    their order. Splits that the source gives are kept; one that it does not give is cut out of its training
    images and of those without a split.

    Args:
        records: of one data set.
        fractions: shares of train, val and test, positive, adding up to 1.
        seed: another seed, another split.

    Raises:
        UserError: all records are melanoma or none is, a lesion or patient crosses given splits, or there
            are too few lesions to give each split melanomas and others.
    """
    _check_both_classes(records)
    given = [record.split for record in records]
    check_split(records, given)
    targets = [name for name in SPLIT_NAMES if name == "train" or name not in given]
    shares = {name: fractions[SPLIT_NAMES.index(name)] for name in targets}
    assigned: dict[int, SplitName] = {}
    free: list[_ConnectedRecords] = []
    for group in _groups(records):
        kept = next((given[member] for member in group.members if given[member] is not None), None)
        if kept is None or kept in targets:
            free.append(group)
        else:
            assigned.update(dict.fromkeys(group.members, kept))
    assigned.update(_divide(free, shares, seed))
    splits = tuple(assigned[index] for index in range(len(records)))
    _check_each_split(records, splits)
    return splits


def check_split(records: Sequence[Record], splits: Sequence[str | None]) -> None:
    """Make sure that no lesion and no patient is in two splits; records without a split count for none.

    Raises:
        UserError: one is; the message names it and the splits.
    """
    crossing = [group for group in _groups(records) if len(_names(group, splits)) > 1]
    if crossing:
        first = records[crossing[0].members[0]]
        who = f"lesion {first.lesion_id}" if first.patient_id is None else f"patient {first.patient_id}"
        others = f" (and {len(crossing) - 1} more like it)" if len(crossing) > 1 else ""
        raise UserError(
            f"{who} has images in {' and '.join(_names(crossing[0], splits))}{others}, which would flatter "
            f"the results ({_one_of_each(crossing[0], records, splits)}); move them all to one split"
        )


def _names(group: _ConnectedRecords, splits: Sequence[str | None]) -> list[str]:
    return sorted({name for name in (splits[member] for member in group.members) if name is not None})


def _one_of_each(group: _ConnectedRecords, records: Sequence[Record], splits: Sequence[str | None]) -> str:
    """An image of the group in every split that it crosses."""
    image_of = {
        name: records[member].image_id for member in reversed(group.members) if (name := splits[member])
    }
    return ", ".join(f"{image_of[name]} in {name}" for name in sorted(image_of))


def digest(records: Sequence[Record], splits: Sequence[str]) -> str:
    """Hex digest of the assignment (image, lesion, diagnosis, split), whatever the order of the records."""
    lines = sorted(
        "\t".join((record.image_id, record.lesion_id, record.diagnosis, name))
        for record, name in zip(records, splits, strict=True)
    )
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()


def _groups(records: Sequence[Record]) -> list[_ConnectedRecords]:
    # Not by Record.group alone: a lesion may have the patient's id on some of its images only.
    keys = [{f"lesion:{record.lesion_id}", record.group} for record in records]
    members: defaultdict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(connected(keys)):
        members[number].append(index)
    return [
        _ConnectedRecords(
            tuple(group),
            Counter(records[member].diagnosis for member in group),
            min(records[member].image_id for member in group),
        )
        for group in members.values()
    ]


def _divide(
    groups: Sequence[_ConnectedRecords], shares: Mapping[SplitName, float], seed: int
) -> dict[int, SplitName]:
    """Give each group to the split that lacks most of its diagnosis; returns the split of each member."""
    images: Counter[str] = Counter()
    for group in groups:
        images.update(group.counts)
    # No metric is defined without melanoma or without anything else, and no class can be learnt of which the
    # training images have none: these come before any fraction.
    frequent = max(sorted(set(images) - {MELANOMA}), key=images.__getitem__, default=MELANOMA)
    in_every_split = {MELANOMA, frequent}
    whole = sum(shares.values())
    placed: Counter[tuple[SplitName, str]] = Counter()
    assigned: dict[int, SplitName] = {}
    for group in _in_random_order(groups, images, seed):
        stratum = group.stratum

        def need(name: SplitName, stratum: str = stratum) -> tuple[bool, float]:
            must_have_one = name == "train" or stratum in in_every_split
            lacking = images[stratum] * shares[name] / whole - placed[name, stratum]
            return must_have_one and placed[name, stratum] == 0, lacking

        chosen = max(shares, key=need)
        for diagnosis, count in group.counts.items():
            placed[chosen, diagnosis] += count
        assigned.update(dict.fromkeys(group.members, chosen))
    return assigned


def _in_random_order(
    groups: Sequence[_ConnectedRecords], images: Counter[str], seed: int
) -> list[_ConnectedRecords]:
    """Groups as the seed shuffles them, but melanoma first, then rare diagnoses, and large groups first.

    So the frequent diagnoses even out what mixed groups bring along, and small groups what large ones do.
    """

    def place(group: _ConnectedRecords) -> tuple[bool, int, str, int, bytes]:
        stratum = group.stratum
        drawn = hashlib.blake2b(f"{seed}:{group.key}".encode()).digest()
        return stratum != MELANOMA, images[stratum], stratum, -group.counts[stratum], drawn

    return sorted(groups, key=place)


def _check_both_classes(records: Sequence[Record]) -> None:
    melanoma = sum(record.is_melanoma for record in records)
    if melanoma == 0:
        raise UserError(f"none of the {len(records)} images shows melanoma; training needs both classes")
    if melanoma == len(records):
        raise UserError(f"all {len(records)} images show melanoma; training needs other lesions too")


def _check_each_split(records: Sequence[Record], splits: Sequence[SplitName]) -> None:
    for is_melanoma, what in ((True, "melanoma"), (False, "lesion other than melanoma")):
        lesions = {record.lesion_id for record in records if record.is_melanoma == is_melanoma}
        for name in SPLIT_NAMES:
            with_it = (
                record.is_melanoma == is_melanoma and assigned == name
                for record, assigned in zip(records, splits, strict=True)
            )
            if not any(with_it):
                raise UserError(
                    f"the {name} images show no {what}: {len(lesions)} such lesions in all are too few to "
                    "divide, or the data set's own split gives none; add images"
                )
