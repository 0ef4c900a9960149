import numpy as np

from dermdistill.adaptation.sample import Sample, folds, lesion_means, one_of_each
from tests.adaptation.samples import gaussian


def of_patients() -> Sample:
    """12 patients with a melanoma (two photographs) and a nevus (three), 20 with a nevus."""
    label, lesion, group = [], [], []
    for patient in range(32):
        melanoma = [True] * 2 if patient < 12 else []
        for name, photographs in (("m", melanoma), ("n", [False] * 3)):
            label += photographs
            lesion += [f"{name}{patient}"] * len(photographs)
            group += [f"patient {patient}"] * len(photographs)
    return Sample(np.array(label), tuple(lesion), tuple(group), np.arange(len(label), dtype=float), {})


def test_folds_keep_patients_together_and_all_have_melanomas() -> None:
    sample = of_patients()
    fold = folds(sample, 10, 3)
    for patient in set(sample.group):
        assert len(set(fold[np.array(sample.group) == patient])) == 1
    for number in range(10):
        assert sample.label[fold == number].any()
        assert not sample.label[fold == number].all()


def test_folds_depend_on_the_seed_only() -> None:
    sample = of_patients()
    np.testing.assert_array_equal(folds(sample, 10, 3), folds(sample, 10, 3))
    assert (folds(sample, 10, 3) != folds(sample, 10, 4)).any()


def test_one_photograph_of_each_patient_with_the_label() -> None:
    sample = of_patients()
    for melanoma, patients in ((True, 12), (False, 32)):
        rows = one_of_each(sample, melanoma=melanoma, seed=0)
        assert len(rows) == len({sample.group[row] for row in rows}) == patients
        assert (sample.label[rows] == melanoma).all()
    drawn = {tuple(one_of_each(sample, melanoma=True, seed=seed)) for seed in range(20)}
    assert len(drawn) > 10


def test_rows_are_taken_with_all_that_belongs_to_them() -> None:
    sample = gaussian(0, melanomas=3, others=5)
    by_number, by_mask = sample.take([4, 6]), sample.take(np.isin(np.arange(8), [4, 6]))
    for part in (by_number, by_mask):
        assert part.lesion == ("lesion 4", "lesion 6")
        np.testing.assert_array_equal(part.inputs["logits"], sample.inputs["logits"][[4, 6]])
    assert len(sample.take(np.zeros(8, dtype=bool))) == 0


def test_the_mean_over_a_lesion() -> None:
    means, lesion = lesion_means(["b", "a", "b", "c"], np.array([1.0, 5.0, 3.0, -1.0]))
    np.testing.assert_array_equal(means, [2.0, 5.0, -1.0])
    np.testing.assert_array_equal(lesion, [0, 1, 0, 2])
