"""What is recognised as seen in training, and what is not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.audit.seen import Candidates, Seen, find_seen
from dermdistill.data.images import InputSpec
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import coefficients, signs, to_hex
from dermdistill.data.split_file import write_split
from dermdistill.errors import UserError
from dermdistill.inference.model_info import ModelInfo
from dermdistill.json_files import write_json
from dermdistill.records import Pixels, Record, SplitName
from dermdistill.runs import DataSummary, RunFolder, RunManifest

INFO = ModelInfo("dsnet", ("other", "melanoma"), InputSpec(24))
MODEL = Path("models/m.onnx")


@dataclass(frozen=True)
class Picture:
    """Coloured noise of a few cells; another seed, another picture."""

    seed: int
    name: str

    def digest(self) -> str:
        return f"digest of {self.seed}"

    def decode(self) -> Pixels:
        cells = np.random.default_rng(self.seed).integers(0, 256, (12, 12, 3), dtype=np.uint8)
        return np.asarray(Image.fromarray(cells).resize((120, 120), Image.Resampling.BICUBIC))


def record(seed: int, image_id: str, lesion_id: str | None = None) -> Record:
    return Record(image_id, Picture(seed, f"{image_id}.jpg"), lesion_id or image_id, "nevus")


def candidates(records: Sequence[Record], layout: str = "isic", *, smaller: bool = False) -> Candidates:
    """Images saved again, so that no digest is that of a training image."""
    pictures = [Image.fromarray(each.image.decode()) for each in records]
    found = [coefficients(np.asarray(p.resize((60, 60)) if smaller else p)) for p in pictures]
    return Candidates(records, [f"again {each.image.digest()}" for each in records], np.stack(found), layout)


TRAINED = [
    record(1, "ISIC_0000001", "HAM_0000001"),
    record(2, "scan 2", "patient's left arm"),
    record(3, "x"),
]
SPLITS: list[SplitName] = ["train", "val", "test"]


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return make_run(tmp_path, to_hex(np.stack([coefficients(each.image.decode()) for each in TRAINED])))


def make_run(path: Path, hashes: Sequence[str]) -> RunFolder:
    folder = RunFolder(path)
    write_split(folder.split, TRAINED, SPLITS, [each.image.digest() for each in TRAINED], hashes)
    summary = DataSummary(
        layout="isic",
        paths=("data",),
        synthetic=False,
        notes=(),
        images=3,
        lesions=3,
        counts={},
        split_digest="",
    )
    write_json(
        folder.manifest,
        RunManifest(recipe_name="r", command="c", data=summary, environment={}, started="now"),
    )
    return folder


def seen(images: Candidates, run: RunFolder, info: ModelInfo = INFO) -> Seen:
    return find_seen(images, run, info, MODEL)


def test_a_copy_under_another_name_is_recognised_by_its_hash(run: RunFolder) -> None:
    found = seen(candidates([record(2, "copy"), record(7, "new")], smaller=True), run)
    assert found.how == ("perceptual hash", "")
    assert found.notes == (
        "1 of 2 images look like images that the model learned from (1 by perceptual hash; for example "
        "copy.jpg, like training image scan 2); figures on them are flattering",
    )


@pytest.mark.parametrize("name", ["ISIC_0000001", "melanoma/ISIC_0000001.jpg", "ISIC_0000001_downsampled"])
def test_an_isic_number_is_enough(run: RunFolder, name: str) -> None:
    """Whatever was done to the picture: cut, painted over, segmented."""
    assert seen(candidates([record(9, name)], "folder"), run).how == ("image id",)


def test_any_other_name_must_look_alike_too(run: RunFolder) -> None:
    """Two clinics may both have a `scan 2`."""
    assert seen(candidates([record(8, "scan 2")]), run).how == ("",)
    assert seen(candidates([record(2, "scan 2")]), run).how == ("image id",)


def test_test_images_of_the_run_are_not_seen(run: RunFolder) -> None:
    """Neither the files themselves, nor saved again, nor by name."""
    again = candidates([TRAINED[2]], smaller=True)
    same_file = replace(again, contents=[TRAINED[2].image.digest()])
    renamed = candidates([record(3, "renamed")], smaller=True)
    for images in (again, same_file, renamed):
        assert seen(images, run) == Seen(("",), ())


def test_other_photographs_of_the_same_lesion(run: RunFolder) -> None:
    other = record(11, "other", "HAM_0000001")
    found = seen(candidates([other, record(12, "new", "HAM_0000009")], "folder"), run)
    assert found.how == ("lesion", "")
    assert found.notes == (
        "1 of 2 images are other photographs of lesions that the model learned from (for example other.jpg, "
        "of lesion HAM_0000001); figures on them are flattering",
    )


@pytest.mark.parametrize(
    ("layout", "how"), [("isic", "lesion"), ("ham10000 + isic", "lesion"), ("folder", ""), ("table", "")]
)
def test_names_of_lesions_mean_the_same_in_one_layout_only(run: RunFolder, layout: str, how: str) -> None:
    assert seen(candidates([record(13, "new", "patient's left arm")], layout), run).how == (how,)


@pytest.mark.parametrize("layout", ["isic2019", "ham10000", "milk10k", "table"])
def test_lesion_ids_of_the_archive_mean_the_same_everywhere(run: RunFolder, layout: str) -> None:
    assert seen(candidates([record(13, "new", "HAM_0000001")], layout), run).how == ("lesion",)


def test_few_by_hash_alone_may_be_chance(run: RunFolder) -> None:
    images = candidates([record(2, "copy"), *(record(100 + i, f"new {i}") for i in range(399))])
    found = seen(images, run)
    assert sum(map(bool, found.how)) == 1
    assert found.notes[0].endswith("so few may be chance")


def test_an_old_run_knows_ids_alone_and_says_so(tmp_path: Path) -> None:
    run = make_run(tmp_path, ["", "", ""])
    run.split.write_text("\n".join(line.rsplit(",", 2)[0] for line in run.split.read_text().splitlines()))
    found = seen(candidates([record(1, "ISIC_0000001"), record(2, "copy")]), run)
    assert found.how == ("image id", "")
    assert "recognised by their ids alone" in found.notes[-1]


def test_a_lone_file_recognises_copies_by_its_own_table(tmp_path: Path) -> None:
    learned = np.stack([coefficients(each.image.decode()) for each in TRAINED[:2]])
    info = replace(INFO, learned_from=pack_hashes(signs(learned)))
    found = seen(
        candidates([record(1, "copy"), record(3, "test"), record(5, "new")]), RunFolder(tmp_path), info
    )
    assert found.how == ("perceptual hash", "", "")
    assert found.notes == (
        "1 of 3 images look like images that the model learned from (1 by perceptual hash; for example "
        "copy.jpg); figures on them are flattering",
    )


def test_a_lone_file_without_a_table_says_that_it_cannot_be_checked(tmp_path: Path) -> None:
    found = seen(candidates([record(1, "copy")]), RunFolder(tmp_path))
    assert found.how == ()
    assert found.notes == (
        "models/m.onnx: made by an earlier version, without a table of the images that it learned from: "
        "copies of them cannot be recognised here; export it again to add the table",
    )


def test_a_model_of_drawn_images_learned_from_no_photograph(tmp_path: Path) -> None:
    info = replace(INFO, learned_from=pack_hashes(np.zeros((0, 90), dtype=bool)))
    assert seen(candidates([record(1, "new")]), RunFolder(tmp_path), info) == Seen(("",), ())


def test_a_damaged_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"models/m\.onnx: its table of training images is damaged"):
        seen(candidates([record(1, "new")]), RunFolder(tmp_path), replace(INFO, learned_from="00"))


def test_a_blank_image_is_like_no_training_image(run: RunFolder, tmp_path: Path) -> None:
    pixels = np.full((40, 60, 3), 200, dtype=np.uint8)
    blank = replace(candidates([record(0, "blank")]), coefficients=coefficients(pixels)[None])
    assert seen(blank, run) == Seen(("",), ())
    table = replace(
        INFO, learned_from=pack_hashes(signs(np.stack([coefficients(TRAINED[0].image.decode())])))
    )
    assert seen(blank, RunFolder(tmp_path / "elsewhere"), table) == Seen(("",), ())
