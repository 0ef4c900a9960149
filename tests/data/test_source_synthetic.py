import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from dermdistill.data.sources import synthetic
from dermdistill.data.synthetic.image import SyntheticImage
from dermdistill.errors import UserError


def test_a_data_set_says_that_it_is_synthetic() -> None:
    data = synthetic.read(5, size=32)
    assert (data.layout, data.root, data.synthetic) == ("synthetic", None, True)
    assert len(data.notes) == 1
    assert data.notes[0].startswith("SYNTHETIC: procedural images, not patients")
    assert data.notes[0].endswith("at difficulty 0.5 the best possible classifier has AUC 0.940")


def test_lesions_have_one_to_three_images_that_differ() -> None:
    data = synthetic.read(60, size=32, seed=2)
    lesions: dict[str, list[int]] = {}
    for index, record in enumerate(data.records):
        lesions.setdefault(record.lesion_id, []).append(index)
    assert len(lesions) == 60
    assert {len(images) for images in lesions.values()} == {1, 2, 3}
    assert len({record.image_id for record in data.records}) == len(data.records)
    for images in lesions.values():
        records = [data.records[index] for index in images]
        assert len({(record.diagnosis, record.age, record.sex, record.site) for record in records}) == 1
        assert len({record.image.decode().tobytes() for record in records}) == len(records)


def test_the_same_arguments_give_the_same_records_and_another_seed_gives_others() -> None:
    assert synthetic.read(20, size=32, seed=1) == synthetic.read(20, size=32, seed=1)
    assert synthetic.read(20, size=32, seed=1) != synthetic.read(20, size=32, seed=2)


def test_more_lesions_leave_the_first_as_they_are() -> None:
    few, many = synthetic.read(10, size=32).records, synthetic.read(30, size=32).records
    assert many[: len(few)] == few


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_any_run_of_lesions_keeps_the_share_of_melanoma(share: float) -> None:
    for seed in range(5):
        records = synthetic.read(200, size=32, seed=seed, melanoma_share=share).records
        melanoma = np.array([record.is_melanoma for record in records if record.image_id.endswith("-0")])
        runs = np.lib.stride_tricks.sliding_window_view(melanoma, 40).sum(axis=1)
        assert np.abs(runs - 40 * share).max() <= 2


def test_diagnoses_are_melanoma_and_nevus_and_agree_with_what_is_drawn() -> None:
    records = synthetic.read(30, size=32).records
    assert {record.diagnosis for record in records} == {"melanoma", "nevus"}
    for record in records:
        assert isinstance(record.image, SyntheticImage)
        assert record.image.melanoma == record.is_melanoma
    assert {record.diagnosis for record in synthetic.read(9, size=32, melanoma_share=0.0).records} == {
        "nevus"
    }
    assert {record.diagnosis for record in synthetic.read(9, size=32, melanoma_share=1.0).records} == {
        "melanoma"
    }


def test_age_sex_site_and_ids_do_not_tell_the_diagnosis() -> None:
    records = [record for record in synthetic.read(1500, size=32).records if record.image_id.endswith("-0")]
    labels = [record.is_melanoma for record in records]
    for feature in (
        [record.age for record in records],
        [record.sex == "male" for record in records],
        [record.site == "back" for record in records],
        [record.image_id for record in records],
    ):
        ranks = np.unique(np.array(feature), return_inverse=True)[1]
        # 0.016 is the standard error of this AUC when there is nothing to find.
        assert roc_auc_score(labels, ranks) == pytest.approx(0.5, abs=4 * 0.016)
    assert all(record.age is not None and 15 <= record.age <= 85 for record in records)
    assert all(record.patient_id is None and record.split is None for record in records)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lesions": 0}, "lesions is 0; give at least 1"),
        ({"size": 31}, "size is 31 pixels; give at least 32"),
        ({"difficulty": -0.01}, "difficulty is -0.01; give a number from 0 to 1"),
        ({"difficulty": 1.5}, "difficulty is 1.5; give a number from 0 to 1"),
        ({"difficulty": float("nan")}, "difficulty is nan; give a number from 0 to 1"),
        ({"seed": -1}, "seed is -1; give 0 or more"),
        ({"melanoma_share": 2.0}, "melanoma_share is 2; give a number from 0 to 1"),
    ],
)
def test_an_argument_out_of_range_is_refused(arguments: dict[str, float], message: str) -> None:
    complete = {"lesions": 5, "size": 32} | arguments
    with pytest.raises(UserError, match=re.escape(f"synthetic data: {message}")):
        synthetic.read(**complete)  # type: ignore[arg-type]
