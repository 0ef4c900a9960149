"""What ids and diagnoses contradict."""

from dermdistill.audit.conflicts import two_diagnoses, two_splits
from dermdistill.audit.findings import Finding
from dermdistill.records import Record


def record(name: str, lesion: str, diagnosis: str = "nevus", **about: str) -> Record:
    return Record(image_id=name, image=None, lesion_id=lesion, diagnosis=diagnosis, **about)  # type: ignore[arg-type]


def test_a_lesion_of_two_diagnoses_is_left_out_if_one_is_melanoma() -> None:
    records = [
        record("a", "1", "nevus"),
        record("b", "1", "vascular lesion"),
        record("c", "2", "nevus"),
        record("d", "2", "melanoma"),
        record("e", "2", "melanoma"),
        record("f", "3", "nevus"),
        record("g", "3", "benign"),
    ]
    first, second = two_diagnoses(records)
    assert first.leave_out == (2, 3, 4)
    assert first.detail == "lesion 2: 2 images melanoma, 1 image nevus"
    assert (second.images, second.leave_out) == ((0, 1), ())


def test_a_lesion_in_two_splits_keeps_its_test_images() -> None:
    records = [
        record("a", "1", split="train"),
        record("b", "1", split="test"),
        record("c", "1", split="val"),
        record("d", "1"),
        record("e", "2", split="train"),
    ]
    (found,) = two_splits(records, [])
    assert found.leave_out == (2, 0)
    assert found.detail == "lesion 1: 1 in test, 1 in val, 1 in train"


def test_a_patient_in_two_splits() -> None:
    records = [
        record("a", "1", split="train", patient_id="p"),
        record("b", "2", split="test", patient_id="p"),
    ]
    (found,) = two_splits(records, [])
    assert found.detail == "patient p: 1 in test, 1 in train"


def test_copies_join_lesions() -> None:
    # b is a copy of a, and c is of b's lesion: c shows the lesion of the test image a.
    records = [
        record("a", "1", split="test"),
        record("b", "2", split="train"),
        record("c", "2", split="train"),
    ]
    copy = Finding("near-copy", (0, 1), 0.001, "")
    assert two_splits(records, []) == []
    (found,) = two_splits(records, [copy])
    assert found.leave_out == (1, 2)
    assert two_splits(records[:2], [copy]) == []  # the pair of copies says it all
