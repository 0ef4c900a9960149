"""The embedded source: procedural dermoscopic images, drawn on demand from a seed. See ``data.synthetic``."""

import numpy as np

from dermdistill.data.synthetic.criteria import bayes_auc
from dermdistill.data.synthetic.image import SyntheticImage
from dermdistill.errors import UserError
from dermdistill.records import MELANOMA, DataSet, Record

NEVUS = "nevus"

MIN_SIZE = 32
"""Below this, in pixels, dermoscopic structures cannot be distinguished."""

_VIEW_SHARES = (0.6, 0.25, 0.15)
_SITES = ("back", "lower extremity", "trunk", "upper extremity", "abdomen", "face", "chest", "foot")
_GOLDEN_RATIO = (5.0**0.5 - 1.0) / 2.0


def read(
    lesions: int, *, size: int, difficulty: float = 0.5, seed: int = 0, melanoma_share: float = 0.3
) -> DataSet:
    """Records of procedural lesions, one to three images each.

    Lesion ``i`` depends on ``i`` and the other arguments: asking for more leaves the first ones as they are.
    Age, sex and site are drawn without regard to the diagnosis.

    Args:
        lesions: how many, at least 1.
        size: pixels a side, at least ``MIN_SIZE``.
        difficulty: in [0, 1]; how far melanomas and nevi overlap, as ``bayes_auc`` says.
        seed: at least 0; another seed gives other lesions.
        melanoma_share: share of the lesions that are melanomas, in [0, 1], kept in any run of lesions.

    Raises:
        UserError: an argument is out of range.
    """
    _check(lesions, size, difficulty, seed, melanoma_share)
    records: list[Record] = []
    for lesion in range(lesions):
        melanoma = _is_melanoma(lesion, seed, melanoma_share)
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(lesion,)))
        lesion_id = f"synthetic-{seed}-{lesion:05d}"
        views = 1 + int(rng.choice(len(_VIEW_SHARES), p=_VIEW_SHARES))
        age = float(5 * round(np.clip(rng.normal(52.0, 16.0), 15.0, 85.0) / 5))
        sex, site = str(rng.choice(["female", "male"])), str(rng.choice(_SITES))
        records.extend(
            Record(
                image_id=f"{lesion_id}-{view}",
                image=SyntheticImage(seed, lesion, view, size, difficulty, melanoma),
                lesion_id=lesion_id,
                diagnosis=MELANOMA if melanoma else NEVUS,
                age=age,
                sex=sex,
                site=site,
                source="synthetic",
            )
            for view in range(views)
        )
    best = f"at difficulty {difficulty:g} the best possible classifier has AUC {bayes_auc(difficulty):.3f}"
    notes = (f"SYNTHETIC: procedural images, not patients; {best}",)
    return DataSet("synthetic", None, tuple(records), synthetic=True, notes=notes)


def _is_melanoma(lesion: int, seed: int, share: float) -> bool:
    """Steps of the golden ratio around the unit circle: the share is kept within one or two of any run."""
    start = np.random.default_rng(seed).random()
    return bool((start + lesion * _GOLDEN_RATIO) % 1.0 < share)


def _check(lesions: int, size: int, difficulty: float, seed: int, melanoma_share: float) -> None:
    if lesions < 1:
        raise UserError(f"synthetic data: lesions is {lesions}; give at least 1")
    if size < MIN_SIZE:
        raise UserError(f"synthetic data: size is {size} pixels; give at least {MIN_SIZE}")
    if not 0.0 <= difficulty <= 1.0:
        raise UserError(f"synthetic data: difficulty is {difficulty:g}; give a number from 0 to 1")
    if seed < 0:
        raise UserError(f"synthetic data: seed is {seed}; give 0 or more")
    if not 0.0 <= melanoma_share <= 1.0:
        raise UserError(f"synthetic data: melanoma_share is {melanoma_share:g}; give a number from 0 to 1")
