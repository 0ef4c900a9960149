"""The photographs of one place, as a model sees them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermdistill.evaluation.metrics import Bools, Floats

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sample:
    """N labelled photographs.

    Attributes:
        label: ``(N,)``, True for melanoma.
        lesion: N ids.
        group: N ids of what is independent of each other: patients where known, else lesions.
        log_odds: ``(N,)``, natural log-odds of melanoma before any calibration.
        inputs: what else a last step may use, by name, ``(N, D)`` each: see ``last_step.CANDIDATES``.
    """

    label: Bools
    lesion: tuple[str, ...]
    group: tuple[str, ...]
    log_odds: Floats
    inputs: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: Sequence[int] | Rows | Bools) -> "Sample":
        """These rows, by number or by whether they are wanted."""
        chosen = np.arange(len(self))[np.asarray(rows)] if len(rows) else np.empty(0, np.int64)
        return Sample(
            self.label[chosen],
            tuple(self.lesion[i] for i in chosen),
            tuple(self.group[i] for i in chosen),
            self.log_odds[chosen],
            {name: values[chosen] for name, values in self.inputs.items()},
        )

    def groups_of(self, melanoma: bool) -> tuple[str, ...]:
        """The groups with a photograph of this label, in the order of their first one."""
        return tuple(
            dict.fromkeys(g for g, label in zip(self.group, self.label, strict=True) if label == melanoma)
        )


def one_of_each(sample: Sample, *, melanoma: bool, seed: int) -> Rows:
    """One row of every group with this label, drawn by chance: independent cases, by rising row."""
    drawn = np.random.default_rng(seed).permutation(np.flatnonzero(sample.label == melanoma))
    row_of: dict[str, int] = {}
    for row in drawn.tolist():
        row_of.setdefault(sample.group[row], row)
    return np.array(sorted(row_of.values()), dtype=np.int64)


def folds(sample: Sample, count: int, seed: int) -> Rows:
    """``(N,)``: the fold of each photograph, 0 to ``count`` - 1; a group is in one of them only.

    Groups with melanoma are dealt out first, so that every fold has some, then the others to the smaller
    folds.
    """
    rng = np.random.default_rng(seed)
    with_melanoma = sample.groups_of(True)
    others = tuple(set(sample.groups_of(False)).difference(with_melanoma))
    fold_of = {name: i % count for i, name in enumerate(_shuffled(with_melanoma, rng))}
    # From the other end: what is left over is shared out too.
    fold_of |= {name: count - 1 - i % count for i, name in enumerate(_shuffled(sorted(others), rng))}
    return np.array([fold_of[name] for name in sample.group], dtype=np.int64)


def _shuffled(names: Sequence[str], rng: np.random.Generator) -> list[str]:
    return [names[i] for i in rng.permutation(len(names))]


def lesion_means(lesion: Sequence[str], values: Floats) -> tuple[Floats, Rows]:
    """The mean of ``values`` ``(N,)`` over each lesion ``(L,)``, and the lesion of each photograph."""
    number_of: dict[str, int] = {}
    number = np.array([number_of.setdefault(name, len(number_of)) for name in lesion], dtype=np.int64)
    sums = np.bincount(number, weights=values, minlength=len(number_of))
    return sums / np.bincount(number, minlength=len(number_of)), number
