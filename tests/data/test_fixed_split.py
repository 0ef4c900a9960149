"""A split of the user's own."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dermdistill.data import splits
from dermdistill.data.fixed_split import FixedSplit, check_leaks, read_fixed_split, with_split
from dermdistill.data.images import ImageFile
from dermdistill.data.split_file import write_split
from dermdistill.errors import UserError
from dermdistill.records import DataSet, Record, SplitName


def record(
    image_id: str,
    lesion: str = "",
    *,
    source: str = "here",
    patient: str | None = None,
    split: SplitName | None = None,
) -> Record:
    return Record(
        image_id, ImageFile(Path(image_id)), lesion or image_id, "nevus", patient, split=split, source=source
    )


def data(*records: Record) -> DataSet:
    return DataSet("isic", None, records, notes=("first note",))


def fixed(path: Path, content: str) -> FixedSplit:
    file = path / "split.csv"
    file.write_text(content)
    return read_fixed_split(file)


def splits_of(dataset: DataSet) -> dict[str, str | None]:
    return {record.image_id: record.split for record in dataset.records}


class TestReading:
    @pytest.mark.parametrize(
        "content",
        [
            "image_id,split\na,train\nb,val\nc,test\n",
            "isic_id;set\na;training\nb;validation\nc;testing\n",
            "\ufefffilename\tfold\na\tTrain\nb\tVALID\nc\tTest \n",
            "number,Image,Subset\n1,a,train\n2,b,val\n3,c,test\n",
            "photo,split\na.jpg,train\nb.jpg,val\nc.jpg,test\n",
            "file_path,partition\nx/a.jpg,train\nx/b.jpg,val\nx/c.jpg,test\n",
            "name,split\na,train\nb,val\nc,test\n",
        ],
        ids=["plain", "synonyms", "spreadsheet", "further columns", "photo", "path", "name"],
    )
    def test_columns_and_words(self, content: str, tmp_path: Path) -> None:
        placed = with_split(data(record("a"), record("b"), record("c")), fixed(tmp_path, content))
        assert splits_of(placed) == {"a": "train", "b": "val", "c": "test"}
        assert placed.notes == ("first note",)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("a,train\n", r"no column names the images; expected image_id and split, found a, train"),
            (
                "image_id,part\na,train\n",
                r"no column holds the split; expected image_id and split, found image_id",
            ),
            ("", "no column names the images; .* found nothing"),
            ("image_id,split\n", "column split holds no row; expected train, val, test"),
            ("image_id,fold\na,0\nb,1\n", "column fold holds '0', '1'; expected train, val, test"),
            ("image_id,split\na,train\n,val\n", "line 3: names no image"),
            ("image_id,split\na,train\na,test\n", "line 3: image a is 'test' here and 'train' in line 2"),
            ("image_id,split\na,train,x\n", "line 2: 3 cells"),
        ],
    )
    def test_wrong_files(self, content: str, message: str, tmp_path: Path) -> None:
        with pytest.raises(UserError, match=rf"split\.csv.*{message}"):
            fixed(tmp_path, content)

    def test_no_file(self, tmp_path: Path) -> None:
        for path in (tmp_path / "split.csv", tmp_path):
            with pytest.raises(
                UserError, match="no such file; expected a CSV with the columns image_id and split"
            ):
                read_fixed_split(path)

    def test_the_digest_follows_the_content(self, tmp_path: Path) -> None:
        one = fixed(tmp_path, "image_id,split\na,train\n")
        assert one.digest == fixed(tmp_path, "image_id,split\na,train\n").digest
        assert one.digest != fixed(tmp_path, "image_id,split\na,test\n").digest


class TestNames:
    @pytest.mark.parametrize(
        ("name", "image_id"),
        [
            ("ISIC_0000001.jpg", "ISIC_0000001"),
            ("train/images/ISIC_0000001.JPG", "ISIC_0000001"),
            ("images\\ISIC_0000001.png", "ISIC_0000001"),
            ("lesion.1", "lesion.1"),
            ("a", "melanoma/a.png"),
            ("a.png", "train/melanoma/a.png"),
            ("melanoma/a", "melanoma/a.png"),
            ("IMG_1", "clinic/IMG_1"),
            ("clinic/IMG_1.jpg", "clinic/IMG_1"),
        ],
    )
    def test_with_or_without_ending_folders_and_source(
        self, name: str, image_id: str, tmp_path: Path
    ) -> None:
        placed = with_split(
            data(record("other"), record(image_id, source="clinic")),
            fixed(tmp_path, f"image,split\n{name},val\n"),
        )
        assert splits_of(placed) == {image_id: "val"}

    def test_a_full_name_stands_for_no_other_image(self, tmp_path: Path) -> None:
        content = "image,split\na,train\nx/a.png,test\n"
        assert splits_of(with_split(data(record("a"), record("x/a.png")), fixed(tmp_path, content))) == {
            "a": "train",
            "x/a.png": "test",
        }

    def test_a_name_of_two_lesions(self, tmp_path: Path) -> None:
        both = data(record("one/IMG_1", source="one"), record("two/IMG_1", source="two"))
        with pytest.raises(
            UserError, match="line 2: IMG_1 may be one/IMG_1 or two/IMG_1; write one of these"
        ):
            with_split(both, fixed(tmp_path, "image,split\nIMG_1,train\n"))
        content = "image,split\none/IMG_1,train\ntwo/IMG_1,test\n"
        assert splits_of(with_split(both, fixed(tmp_path, content))) == {
            "one/IMG_1": "train",
            "two/IMG_1": "test",
        }

    def test_a_name_of_two_versions_of_one_lesion_stands_for_both(self, tmp_path: Path) -> None:
        both = data(record("one/ISIC_1", "L", source="one"), record("two/ISIC_1", "L", source="two"))
        placed = with_split(both, fixed(tmp_path, "image,split\nISIC_1,test\n"))
        assert splits_of(placed) == {"one/ISIC_1": "test", "two/ISIC_1": "test"}

    def test_one_image_by_two_names(self, tmp_path: Path) -> None:
        content = "image,split\na,train\na.jpg,train\n"
        assert splits_of(with_split(data(record("a")), fixed(tmp_path, content))) == {"a": "train"}
        with pytest.raises(
            UserError, match=r"line 3: image a\.jpg is 'test' here and, as a, 'train' in line 2"
        ):
            with_split(data(record("a")), fixed(tmp_path, "image,split\na,train\na.jpg,test\n"))


class TestLeftOut:
    def test_everything_left_out_is_counted(self, tmp_path: Path) -> None:
        content = "image,split\na,train\nb,left-out\nc,left-out\nd,\nmissing,test\n"
        placed = with_split(data(*map(record, "abcdefg")), fixed(tmp_path, content))
        assert splits_of(placed) == {"a": "train"}
        assert placed.notes == (
            "first note",
            "split.csv: 1 images left out: blank",
            "split.csv: 2 images left out: left-out",
            "split.csv: 3 images of the data left out: the file does not name them",
            "split.csv: 1 of its 5 images are not in the data",
            "split.csv: names no val images of the data; training cuts them out of its train images",
            "split.csv: names no test images of the data; training cuts them out of its train images",
        )

    def test_the_datas_own_split_is_not_kept(self, tmp_path: Path) -> None:
        placed = with_split(
            data(record("a", split="test"), record("b")), fixed(tmp_path, "image,set\na,train\nb,val\n")
        )
        assert splits_of(placed) == {"a": "train", "b": "val"}
        assert placed.notes[-1] == "split.csv: takes the place of the data's own split"

    def test_no_image_of_the_data(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="none of its 1 images is in the data; it names a, the data b"):
            with_split(data(record("b")), fixed(tmp_path, "image,split\na,train\n"))


class TestLeaks:
    def check(self, path: Path, content: str, *records: Record) -> None:
        split = fixed(path, content)
        check_leaks(with_split(data(*records), split), split)

    @pytest.mark.parametrize(
        ("records", "who"),
        [
            ((record("a", "L"), record("b", "L")), "lesion L"),
            ((record("a", patient="P"), record("b", patient="P")), "patient P"),
        ],
    )
    def test_the_file_the_images_and_the_splits_are_named(
        self, records: tuple[Record, ...], who: str, tmp_path: Path
    ) -> None:
        with pytest.raises(
            UserError, match=rf"split\.csv: {who} has images in test and train, .*\(b in test, a in train\)"
        ):
            self.check(tmp_path, "image,split\na,train\nb,test\n", *records)
        self.check(tmp_path, "image,split\na,train\nb,left out\n", *records)

    def test_lesions_of_the_file_count_too(self, tmp_path: Path) -> None:
        content = "image,lesion_id,split\na,X,train\nb,Y,train\nc,Y,test\n"
        with pytest.raises(UserError, match=r"has images in test and train, .*\(c in test, b in train\)"):
            self.check(tmp_path, content, *map(record, "abc"))

    def test_lesions_that_the_file_and_the_data_unite_together(self, tmp_path: Path) -> None:
        """The data knows that a and b are one lesion, the file that b and c are."""
        content = "image,lesion_id,split\na,X,train\nb,Y,left out\nc,Y,test\n"
        with pytest.raises(UserError, match="lesion L has images in test"):
            self.check(tmp_path, content, record("a", "L"), record("b", "L"), record("c"))


def test_the_split_of_a_run_is_such_a_file(tmp_path: Path) -> None:
    records = (record("a", "-L"), record("one/IMG_1", source="one"), record("=m"), record("new"))
    write_split(tmp_path / "split.csv", records[:3], ["train", "val", "test"], ["0", "1", "2"], [""] * 3)
    placed = with_split(data(*records), read_fixed_split(tmp_path / "split.csv"))
    assert splits_of(placed) == {"a": "train", "one/IMG_1": "val", "=m": "test"}


def test_validation_images_that_the_file_does_not_name_come_from_its_training_images(tmp_path: Path) -> None:
    records = [record(f"{name}{i}") for name in "ab" for i in range(20)]
    records = [replace(each, diagnosis="melanoma" if i % 2 else "nevus") for i, each in enumerate(records)]
    content = "image,split\n" + "".join(
        f"{each.image_id},{'train' if each.image_id[0] == 'a' else 'test'}\n" for each in records
    )
    placed = with_split(data(*records), fixed(tmp_path, content))
    found = splits.split(placed.records, seed=0)
    assert Counter((each.image_id[0], name) for each, name in zip(placed.records, found, strict=True)) == {
        ("a", "train"): 18,
        ("a", "val"): 2,
        ("b", "test"): 20,
    }
