"""Which pairs are found to be copies, and which of the two goes."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from dermdistill.audit.copies import copies, other_photographs
from dermdistill.audit.findings import Finding
from dermdistill.audit.survey import Survey
from dermdistill.data.image_pairs import ImagePairs
from dermdistill.records import Record
from tests.audit.conftest import Folder, photograph, planted_features

Look = Callable[[Sequence[Record]], Survey]

CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "smaller": lambda image: image.resize((80, 60)),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "central square": lambda image: image.crop((20, 0, 140, 120)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_a_near_copy(change: str, folder: Folder, surveyed: Look) -> None:
    for seed in range(3):
        folder.add(f"other{seed}", photograph(seed))
    changed = np.array(CHANGES[change](Image.fromarray(photograph(1))))
    copy = folder.add("copy.jpg", changed)
    (found,) = copies(folder.records, surveyed(folder.records))
    assert (found.kind, found.images, found.leave_out) == ("near-copy", (1, copy), (1,))
    assert 0 <= found.score <= 0.008
    assert found.detail == "different lesion ids"


def test_files_of_one_content_are_exact_copies(folder: Folder, surveyed: Look) -> None:
    folder.add("b", photograph(0))
    folder.add("a", photograph(0))
    folder.add("c", photograph(0))
    found = copies(folder.records, surveyed(folder.records))
    assert [(each.kind, each.images) for each in found] == [("exact-copy", (0, 1)), ("exact-copy", (0, 2))]
    # The first by name stays.
    assert {row for each in found for row in each.leave_out} == {0, 2}


def test_a_test_image_stays_and_pairs_across_splits_come_first(folder: Folder, surveyed: Look) -> None:
    folder.add("a", photograph(0), split="train")
    folder.add("b.jpg", photograph(0), split="test")
    folder.add("c", photograph(1), split="train")
    folder.add("d", photograph(1), split="train")
    first, second = copies(folder.records, surveyed(folder.records))
    assert (first.kind, first.images, first.leave_out) == ("near-copy", (0, 1), (0,))
    assert first.detail == "splits train and test"
    assert (second.kind, second.leave_out) == ("exact-copy", (3,))


def test_near_copies_of_one_lesion_in_one_split_both_stay(folder: Folder, surveyed: Look) -> None:
    folder.add("a", photograph(0), lesion_id="one")
    folder.add("b.jpg", photograph(0), lesion_id="one")
    (found,) = copies(folder.records, surveyed(folder.records))
    assert (found.kind, found.leave_out) == ("near-copy", ())
    assert found.detail == "same lesion"


@pytest.mark.parametrize("name", ["b", "b.jpg"])
def test_one_picture_under_two_labels(name: str, folder: Folder, surveyed: Look) -> None:
    folder.add("a", photograph(0), "melanoma")
    folder.add(name, photograph(0), "nevus")
    (found,) = copies(folder.records, surveyed(folder.records))
    assert (found.kind, found.images, found.leave_out) == ("copy-with-another-label", (0, 1), (0, 1))
    assert "melanoma and nevus" in found.detail


def test_damaged_and_blank_files_are_no_copies_of_each_other(folder: Folder, surveyed: Look) -> None:
    for name in ("a.jpg", "b.jpg"):
        folder.add(name, b"<html>not found</html>")
    for name, shade in (("c", 200), ("d", 203)):
        folder.add(name, np.full((40, 40, 3), shade, dtype=np.uint8))
    assert copies(folder.records, surveyed(folder.records)) == []


def test_pairs_that_the_lesion_ids_or_copies_know_are_not_said_again(folder: Folder, surveyed: Look) -> None:
    records = [
        replace(record, lesion_id=lesion)
        for record, lesion in zip(
            [Record(str(i), None, str(i), "nevus") for i in range(200)],  # type: ignore[arg-type]
            ["one", "one", *map(str, range(2, 200))],
            strict=True,
        )
    ]
    folder.add("a", photograph(0))
    measured = replace(surveyed(folder.records), features=planted_features(200, 40))
    (found,) = other_photographs(records, measured, [])
    assert (found.kind, found.images, found.leave_out) == ("same-lesion", (2, 3), ())
    assert other_photographs(records, measured, [Finding("near-copy", (2, 3), 0.0, "")]) == []


@pytest.mark.parametrize(("hash_distance", "is_copy"), [(0.001, True), (0.005, False)])
def test_hashes_that_are_less_than_sure_need_features_that_agree(
    hash_distance: float, is_copy: bool, folder: Folder, surveyed: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both pairs are as near by hash; the features of the first agree, those of the second do not.
    pairs = ImagePairs(np.array([0, 5]), np.array([1, 6]), np.full(2, hash_distance, dtype=np.float32))
    monkeypatch.setattr("dermdistill.audit.copies.similar_pairs", lambda *_: pairs)
    records = [Record(str(i), None, str(i), "nevus") for i in range(200)]  # type: ignore[arg-type]
    folder.add("a", photograph(0))
    one = surveyed(folder.records)
    measured = replace(
        one, errors=("",) * 200, contents=tuple(map(str, range(200))), features=planted_features(200, 40)
    )
    found = [finding.images for finding in copies(records, measured)]
    assert found == ([(0, 1), (5, 6)] if is_copy else [(0, 1)])
