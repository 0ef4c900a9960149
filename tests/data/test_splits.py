import random
from collections import Counter, defaultdict

import numpy as np
import pytest

from dermdistill.data.splits import check_split, digest, split
from dermdistill.errors import UserError
from dermdistill.records import SPLIT_NAMES, Pixels, Record, SplitName

SEEDS = range(8)


class Nothing:
    """An image that is never looked at."""

    name = "nothing"

    def digest(self) -> str:
        return ""

    def decode(self) -> Pixels:
        return np.zeros((1, 1, 3), dtype=np.uint8)


def record(
    image_id: str,
    diagnosis: str = "nevus",
    lesion: str | None = None,
    patient: str | None = None,
    given: SplitName | None = None,
) -> Record:
    return Record(image_id, Nothing(), lesion or image_id, diagnosis, patient_id=patient, split=given)


def lesions(counts: dict[str, int], seed: int = 0) -> list[Record]:
    """So many lesions of each diagnosis, with one to three images each."""
    draw = random.Random(seed)
    return [
        record(f"{diagnosis}-{lesion}-{image}", diagnosis, f"{diagnosis}-{lesion}")
        for diagnosis, count in counts.items()
        for lesion in range(count)
        for image in range(draw.randint(1, 3))
    ]


def patients(count: int, seed: int = 0) -> list[Record]:
    """Patients with one to twenty lesions each; a tenth of the lesions are melanoma."""
    draw = random.Random(seed)
    return [
        record(f"{patient}-{lesion}", draw.choices(["melanoma", "nevus"], [1, 9])[0], patient=f"P{patient}")
        for patient in range(count)
        for lesion in range(draw.randint(1, 20))
    ]


def splits_by(keys: list[str], splits: tuple[SplitName, ...]) -> dict[str, set[SplitName]]:
    found: defaultdict[str, set[SplitName]] = defaultdict(set)
    for key, name in zip(keys, splits, strict=True):
        found[key].add(name)
    return found


class TestFreeSplit:
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_lesion_never_crosses(self, seed: int) -> None:
        records = lesions({"melanoma": 60, "nevus": 300, "dermatofibroma": 9}, seed)
        splits = split(records, seed=seed)
        assert all(len(names) == 1 for names in splits_by([r.lesion_id for r in records], splits).values())
        check_split(records, splits)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_patient_never_crosses(self, seed: int) -> None:
        records = patients(150, seed)
        splits = split(records, seed=seed)
        assert all(len(names) == 1 for names in splits_by([r.group for r in records], splits).values())

    def test_a_lesion_with_the_patient_on_some_images_only(self) -> None:
        for seed in SEEDS:
            records = lesions({"melanoma": 30, "nevus": 30})
            records += [
                record("x-1", "nevus", "x", "P"),
                record("x-2", "nevus", "x"),
                record("y", patient="P"),
            ]
            assert len(set(split(records, seed=seed)[-3:])) == 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_every_diagnosis_is_divided_in_the_fractions(self, seed: int) -> None:
        records = lesions({"melanoma": 100, "nevus": 700, "dermatofibroma": 40}, seed)
        splits = split(records, seed=seed)
        counts = Counter((r.diagnosis, name) for r, name in zip(records, splits, strict=True))
        totals = Counter(r.diagnosis for r in records)
        for diagnosis, total in totals.items():
            for name, fraction in zip(SPLIT_NAMES, (0.7, 0.1, 0.2), strict=True):
                assert abs(counts[diagnosis, name] - fraction * total) <= 3  # the largest lesion

    @pytest.mark.parametrize("seed", SEEDS)
    def test_mixed_patients_are_divided_nearly_so(self, seed: int) -> None:
        records = patients(300, seed)
        splits = split(records, seed=seed, fractions=(0.6, 0.2, 0.2))
        for is_melanoma in (True, False):
            chosen = Counter(
                name for r, name in zip(records, splits, strict=True) if r.is_melanoma == is_melanoma
            )
            for name, fraction in zip(SPLIT_NAMES, (0.6, 0.2, 0.2), strict=True):
                assert chosen[name] / chosen.total() == pytest.approx(fraction, abs=0.03)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_the_order_of_records_does_not_matter(self, seed: int) -> None:
        records = lesions({"melanoma": 40, "nevus": 100}, seed)
        expected = dict(zip([r.image_id for r in records], split(records, seed=seed), strict=True))
        random.Random(seed).shuffle(records)
        assert dict(zip([r.image_id for r in records], split(records, seed=seed), strict=True)) == expected

    def test_the_seed_does(self) -> None:
        records = lesions({"melanoma": 40, "nevus": 100})
        assert split(records, seed=1) == split(records, seed=1)
        assert len({split(records, seed=seed) for seed in range(5)}) == 5

    @pytest.mark.parametrize("seed", SEEDS)
    def test_training_has_every_diagnosis(self, seed: int) -> None:
        rare = {f"rare {number}": 1 for number in range(6)}
        records = lesions({"melanoma": 20, "nevus": 60, **rare})
        splits = split(records, seed=seed, fractions=(0.2, 0.2, 0.6))
        trained = {r.diagnosis for r, name in zip(records, splits, strict=True) if name == "train"}
        assert trained == {r.diagnosis for r in records}

    def test_three_lesions_of_each_class_are_enough(self) -> None:
        for seed in SEEDS:
            records = [record(f"{d}{i}", d) for d in ("melanoma", "nevus") for i in range(3)]
            splits = split(records, seed=seed)
            assert set(splits[:3]) == set(splits[3:]) == set(SPLIT_NAMES)


class TestGivenSplits:
    def given(self, **counts: int) -> list[Record]:
        """So many melanomas and as many nevi in each split; ``none`` are not assigned."""
        names: dict[str, SplitName | None] = {"train": "train", "val": "val", "test": "test", "none": None}
        return [
            record(f"{name}-{d}-{i}", d, given=names[name])
            for name, count in counts.items()
            for d in ("melanoma", "nevus")
            for i in range(count)
        ]

    def test_all_three_are_kept(self) -> None:
        records = self.given(train=5, val=3, test=4)
        assert split(records, seed=0) == tuple(r.split for r in records)

    def test_only_test_given_divides_the_rest_into_train_and_val(self) -> None:
        records = self.given(none=80, test=20)
        splits = split(records, seed=0, fractions=(0.7, 0.1, 0.2))
        assert [name == "test" for name in splits] == [r.split == "test" for r in records]
        assert Counter(splits) == {"train": 140, "val": 20, "test": 40}

    def test_val_is_cut_out_of_a_given_train(self) -> None:
        records = self.given(train=80, test=20)
        assert Counter(split(records, seed=0, fractions=(0.7, 0.1, 0.2))) == {
            "train": 140,
            "val": 20,
            "test": 40,
        }

    def test_test_is_cut_out_of_a_given_train(self) -> None:
        records = self.given(train=90, val=10)
        splits = split(records, seed=0, fractions=(0.7, 0.1, 0.2))
        assert [name == "val" for name in splits] == [r.split == "val" for r in records]
        assert Counter(splits) == {"train": 140, "val": 20, "test": 40}

    def test_only_train_given_is_divided_in_three(self) -> None:
        assert Counter(split(self.given(train=100), seed=0)) == {"train": 140, "val": 20, "test": 40}

    def test_an_unassigned_image_follows_its_lesion(self) -> None:
        records = [*self.given(train=5, val=3, test=4), record("late", "nevus", "test-nevus-0")]
        assert split(records, seed=0)[-1] == "test"

    def test_a_crossing_lesion_is_named_with_its_splits(self) -> None:
        records = [
            *self.given(train=5, val=3, test=4),
            record("twin-a", "nevus", "twin", given="train"),
            record("twin-b", "nevus", "twin", given="test"),
        ]
        with pytest.raises(UserError, match="lesion twin has images in test and train"):
            split(records, seed=0)

    def test_a_crossing_patient_is_named_with_its_splits(self) -> None:
        records = [
            *self.given(train=5, val=3, test=4),
            record("a", patient="IP_1", given="val"),
            record("b", patient="IP_1", given="test"),
        ]
        with pytest.raises(UserError, match="patient IP_1 has images in test and val"):
            split(records, seed=0)

    def test_a_given_split_of_one_class_is_refused(self) -> None:
        records = [*self.given(none=20), record("t", "nevus", given="test")]
        with pytest.raises(
            UserError, match=r"the test images show no melanoma: 20 such lesions .* gives none"
        ):
            split(records, seed=0)


class TestTooLittle:
    def test_no_melanoma(self) -> None:
        with pytest.raises(UserError, match="none of the 9 images shows melanoma"):
            split([record(str(i)) for i in range(9)], seed=0)

    def test_nothing_but_melanoma(self) -> None:
        with pytest.raises(UserError, match="all 9 images show melanoma"):
            split([record(str(i), "melanoma") for i in range(9)], seed=0)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_too_few_lesions(self, seed: int) -> None:
        # Six images of melanoma, but of two lesions.
        records = [record(f"m{i}", "melanoma", f"L{i % 2}") for i in range(6)]
        records += [record(f"n{i}") for i in range(20)]
        with pytest.raises(UserError, match="images show no melanoma: 2 such lesions in all are too few"):
            split(records, seed=seed)

    def test_too_few_others(self) -> None:
        records = [record(f"m{i}", "melanoma") for i in range(20)] + [record("n")]
        with pytest.raises(UserError, match="no lesion other than melanoma: 1 such"):
            split(records, seed=0)


class TestCheck:
    def test_a_leak_is_named(self) -> None:
        records = [record("a", lesion="L7"), record("b", lesion="L7")]
        check_split(records, ["val", "val"])
        check_split(records, ["val", None])
        with pytest.raises(
            UserError, match=r"lesion L7 has images in train and val, .*\(a in train, b in val\)"
        ):
            check_split(records, ["train", "val"])

    def test_further_leaks_are_counted(self) -> None:
        records = [record(f"{lesion}{image}", lesion=lesion) for lesion in "LMN" for image in "ab"]
        with pytest.raises(UserError, match=r"lesion L has images in train and val \(and 1 more like it\)"):
            check_split(records, ["train", "val", "val", "val", "val", "train"])


class TestDigest:
    def test_is_that_of_the_assignment_and_not_of_its_order(self) -> None:
        records = [record("a", "melanoma"), record("b"), record("c")]
        value = digest(records, ["train", "val", "test"])
        assert digest(records[::-1], ["test", "val", "train"]) == value
        assert digest(records, ["train", "test", "val"]) != value
        assert digest([record("a"), *records[1:]], ["train", "val", "test"]) != value
        assert int(value, 16) >= 0
