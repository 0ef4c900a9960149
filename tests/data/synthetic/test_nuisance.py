from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermdistill.data.sources import synthetic
from dermdistill.data.synthetic.image import SyntheticImage
from dermdistill.data.synthetic.nuisance import photograph
from dermdistill.data.synthetic.tissue import Rgb
from dermdistill.records import Pixels


def photographed(seed: int, size: int = 64) -> Rgb:
    rgb = np.full((3, size, size), 0.6, np.float32)
    photograph(rgb, np.random.default_rng(seed))
    return rgb


def corners(pixels: Pixels) -> Pixels:
    """The four corners, an eighth of the side each."""
    edge = len(pixels) // 8
    return np.stack(
        [pixels[y, x] for y in (slice(edge), slice(-edge, None)) for x in (slice(edge), slice(-edge, None))]
    )


def test_photographs_of_the_same_skin_differ_in_light_and_in_what_lies_on_it() -> None:
    photographs = np.stack([photographed(seed) for seed in range(60)])
    assert np.isfinite(photographs).all()
    assert photographs.mean(axis=(2, 3)).std(axis=0).min() > 0.03
    darkest = photographs.min(axis=(1, 2, 3)) / np.median(photographs, axis=(1, 2, 3))
    assert 0.2 < (darkest < 0.8).mean() < 0.8


def test_a_photograph_is_the_same_for_the_same_numbers() -> None:
    np.testing.assert_array_equal(photographed(3), photographed(3))


def test_the_diagnosis_alone_changes_nothing_far_from_the_lesion() -> None:
    unchanged = []
    for lesion in range(40):
        nevus = SyntheticImage(0, lesion, 0, 48, 0.5, melanoma=False)
        melanoma = replace(nevus, melanoma=True)
        unchanged.append(np.array_equal(corners(nevus.decode()), corners(melanoma.decode())))
    # Large lesions reach the corners.
    assert np.mean(unchanged) > 0.85


def test_skin_and_nuisance_do_not_tell_the_diagnosis() -> None:
    records = [
        record for record in synthetic.read(350, size=32, seed=1).records if record.image_id.endswith("-0")
    ]
    labels = [record.is_melanoma for record in records]
    seen = np.stack([corners(record.image.decode()) for record in records]).astype(float)
    features = np.column_stack(
        [seen.mean(axis=(1, 2, 3)), seen.std(axis=(1, 2, 3, 4)), seen.min(axis=(1, 2, 3, 4))]
    )
    for feature in features.reshape(len(records), -1).T:
        # 0.033 is the standard error of this AUC when there is nothing to find.
        assert roc_auc_score(labels, feature) == pytest.approx(0.5, abs=4 * 0.033)
