"""Several sources as one data set."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dermdistill.data.sources import read_source, read_sources
from dermdistill.data.sources.united import source_names, unite
from dermdistill.data.splits import check_split
from dermdistill.errors import UserError
from dermdistill.reading import Reading
from dermdistill.records import DataSet, Record

Picture = Callable[..., Path]
Source = Callable[..., Path]


@pytest.fixture
def source(tmp_path: Path, picture: Picture) -> Source:
    """A folder with a table; each image is (name, shade of red, further cells)."""

    def make(name: str, *images: tuple[str, int, str], columns: str = "diagnosis") -> Path:
        folder = tmp_path / name
        for image, red, _ in images:
            picture(folder / "images" / f"{image}.png", red=red)
        lines = [f"image_id,{columns}", *(f"{image},{cells}" for image, _, cells in images)]
        (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
        return folder

    return make


def united(paths: list[Path]) -> DataSet:
    return unite([read_source(path) for path in paths], source_names(paths))


def by_id(data: DataSet) -> dict[str, Record]:
    found = {record.image_id: record for record in data.records}
    assert len(found) == len(data.records)
    return found


class TestNames:
    def test_the_name_of_the_folder_or_file(self, tmp_path: Path) -> None:
        assert source_names([tmp_path / "ham10000", tmp_path / "x" / "table.csv"]) == [
            "ham10000",
            "table.csv",
        ]

    def test_folders_above_where_two_are_alike(self) -> None:
        paths = [Path("/a/clinic/images"), Path("/b/clinic/images"), Path("/b/other")]
        assert source_names(paths) == ["a/clinic/images", "b/clinic/images", "other"]

    def test_one_path_twice(self, tmp_path: Path) -> None:
        with pytest.raises(UserError, match="given twice as data; leave one out"):
            source_names([tmp_path, tmp_path / "x" / ".."])

    def test_every_record_knows_its_source_even_of_one(self, source: Source) -> None:
        alone = united([source("clinic", ("a", 1, "nevus"))])
        assert [record.source for record in alone.records] == ["clinic"]
        assert alone.layout == "table"


class TestPictures:
    def test_all_records_and_notes_of_both(self, source: Source) -> None:
        one = source("one", ("a", 1, "nevus"), ("b", 2, ""))
        both = united([one, source("two", ("c", 3, "melanoma"))])
        assert [(record.image_id, record.source) for record in both.records] == [("a", "one"), ("c", "two")]
        assert any(note.startswith("one: metadata.csv: 1 of 2 rows left out") for note in both.notes)

    def test_the_same_name_and_content_is_kept_once_with_what_either_source_knows(
        self, source: Source
    ) -> None:
        columns = "diagnosis,lesion_id,patient_id,age,sex"
        one = source("one", ("IMG_1", 7, "nevus,L1,,50,"), ("IMG_2", 8, "nevus,L1,,,"), columns=columns)
        two = source("two", ("IMG_1", 7, "nevus,L9,P5,,male"), ("x", 9, "nevus,L9,P5,,"), columns=columns)
        both = united([one, two])
        found = by_id(both)
        assert found.keys() == {"IMG_1", "IMG_2", "x"}
        assert (found["IMG_1"].source, found["IMG_1"].age, found["IMG_1"].sex) == ("one", 50, "male")
        # L1 and L9 share a picture, so they are one lesion, of one patient.
        assert {record.lesion_id for record in both.records} == {"L1"}
        assert {record.patient_id for record in both.records} == {"P5"}
        assert "1 images are in several sources, with one name and content: each is kept once" in both.notes

    def test_a_copy_under_another_name_is_the_same_lesion(self, source: Source) -> None:
        both = united([source("one", ("a", 7, "nevus")), source("two", ("b", 7, "nevus"), ("c", 8, "nevus"))])
        found = by_id(both)
        assert found["b"].lesion_id == found["a"].lesion_id != found["c"].lesion_id
        assert any("1 images show a picture of another source" in note for note in both.notes)

    def test_versions_of_an_archives_picture_are_one_lesion(self, source: Source) -> None:
        sources = [
            source("crops", ("ISIC_0000001", 7, "nevus")),
            source("frames", ("ISIC_0000001", 8, "nevus")),
        ]
        both = united(sources)
        found = by_id(both)
        assert found.keys() == {"crops/ISIC_0000001", "frames/ISIC_0000001"}
        assert len({record.lesion_id for record in both.records}) == 1
        assert any("1 images show a picture of another source" in note for note in both.notes)
        with pytest.raises(UserError, match="crops/ISIC_0000001 in train"):
            check_split(both.records, ["train", "test"])

    def test_versions_in_folders_of_diagnoses_too(
        self, source: Source, tmp_path: Path, picture: Picture
    ) -> None:
        picture(tmp_path / "classes" / "melanoma" / "ISIC_0000002_downsampled.png", red=1)
        picture(tmp_path / "classes" / "nevus" / "ISIC_0000001.png", red=2)
        both = united([source("frames", ("ISIC_0000001", 8, "nevus")), tmp_path / "classes"])
        found = by_id(both)
        assert found["nevus/ISIC_0000001.png"].lesion_id == found["ISIC_0000001"].lesion_id

    def test_different_pictures_of_one_name_get_the_sources_name(self, source: Source) -> None:
        one = source("one", ("IMG_0001", 1, "nevus"), ("b", 2, "nevus"))
        both = united([one, source("two", ("IMG_0001", 3, "melanoma"))])
        found = by_id(both)
        assert found.keys() == {"one/IMG_0001", "b", "two/IMG_0001"}
        assert len({record.lesion_id for record in both.records}) == 3
        assert (
            "1 names stand for different images in different sources: they become <source>/<name>"
            in both.notes
        )

    def test_one_picture_in_two_splits_comes_to_light(
        self, source: Source, picture: Picture, tmp_path: Path
    ) -> None:
        for name, split in (("one", "train"), ("two", "test")):
            picture(tmp_path / name / split / "melanoma" / "a.png", red=7)
            picture(tmp_path / name / split / "nevus" / f"{name}.png", red=8 if name == "one" else 9)
        both = united([tmp_path / "one", tmp_path / "two"])
        splits = [record.split for record in both.records]
        with pytest.raises(UserError, match=r"test/melanoma/a\.png in test, train/melanoma/a\.png in"):
            check_split(both.records, splits)

    def test_a_melanoma_here_and_none_there(self, source: Source) -> None:
        sources = [source("one", ("a", 7, "melanoma")), source("two", ("b", 7, "nevus"))]
        with pytest.raises(
            UserError, match=r"b\.png: the same picture as .*a\.png, but nevus here and melanoma"
        ):
            united(sources)

    def test_two_benign_names_of_one_picture_are_a_note(self, source: Source) -> None:
        both = united([source("one", ("a", 7, "nevus")), source("two", ("b", 7, "dermatofibroma"))])
        assert any(
            "1 pictures have different diagnoses in two sources, none of them melanoma" in n
            for n in both.notes
        )


class TestLesionsAndPatients:
    def test_ids_mean_the_same_in_all_sources(self, source: Source) -> None:
        columns = "diagnosis,lesion_id,patient_id"
        one = source(
            "one", ("a", 1, "nevus,HAM_0000001,P1"), ("b", 2, "nevus,HAM_0000002,P2"), columns=columns
        )
        two = source(
            "two", ("c", 3, "nevus,HAM_0000001,P1"), ("d", 4, "nevus,HAM_0000003,P2"), columns=columns
        )
        both = united([one, two])
        with pytest.raises(UserError, match="patient P1"):
            check_split(both.records, ["train", "train", "test", "train"])
        with pytest.raises(UserError, match="patient P2"):
            check_split(both.records, ["train", "train", "train", "test"])
        assert (
            "1 lesion ids occur in several sources (HAM_0000001): each is taken for one lesion" in both.notes
        )
        assert "2 patient ids occur in several sources (P1): each is taken for one patient" in both.notes

    def test_a_lesion_without_an_id_is_not_another_sources_lesion_of_that_name(self, source: Source) -> None:
        one = source("one", ("x", 1, "nevus,12"), columns="diagnosis,lesion_id")
        both = united([one, source("two", ("12", 2, "nevus"))])
        assert len({record.lesion_id for record in both.records}) == 2

    def test_copies_inside_sources_whose_names_clash_stay_apart(self, source: Source) -> None:
        """Each source holds a copy of its own IMG_1, whose lesion it calls IMG_1."""
        one = source("one", ("IMG_1", 1, "nevus"), ("IMG_2", 1, "nevus"))
        both = united([one, source("two", ("IMG_1", 3, "nevus"), ("IMG_3", 3, "nevus"))])
        lesions = {record.image_id: record.lesion_id for record in both.records}
        assert lesions["one/IMG_1"] == lesions["IMG_2"]
        assert lesions["two/IMG_1"] == lesions["IMG_3"]
        assert len(set(lesions.values())) == 2

    def test_the_order_of_the_sources_does_not_matter_to_what_is_one_lesion(self, source: Source) -> None:
        paths = [
            source("one", ("a", 1, "nevus"), ("ISIC_0000005", 2, "nevus")),
            source("two", ("b", 1, "nevus"), ("ISIC_0000005", 3, "nevus")),
            source("three", ("c", 3, "nevus"), ("d", 9, "melanoma")),
        ]

        def groups(order: list[Path]) -> set[frozenset[str]]:
            lesions: dict[str, set[str]] = {}
            for record in united(order).records:
                lesions.setdefault(record.lesion_id, set()).add(record.image_id)
            return {frozenset(images) for images in lesions.values()}

        versions = {"one/ISIC_0000005", "two/ISIC_0000005", "c"}
        assert groups(paths) == groups(paths[::-1]) == {frozenset(g) for g in ({"a", "b"}, versions, {"d"})}


def test_layouts_of_several_sources(tmp_path: Path, picture: Picture) -> None:
    ham = tmp_path / "ham"
    picture(ham / "a.png", red=1)
    (ham / "HAM10000_metadata.csv").write_text("lesion_id,image_id,dx\nL1,a,nv\n")
    picture(tmp_path / "classes" / "melanoma" / "m.png", red=2)
    both = read_sources([ham, tmp_path / "classes"])
    assert (both.layout, both.root) == ("ham10000 + folder", None)
    assert unite([both], ["both"]).records[0].source == "both"


def test_melanomas_and_the_users_names_may_be_in_one_source_only(source: Source) -> None:
    benign, other = source("one", ("a", 1, "nevus"), ("c", 3, "weird")), source("two", ("b", 2, "melanoma"))
    both = read_sources([benign, other], Reading(labels={"weird": "dermatofibroma"}))
    assert sorted(record.diagnosis for record in both.records) == ["dermatofibroma", "melanoma", "nevus"]
    assert both.names["nevus"] == both.names["melanoma"] == 1
    with pytest.raises(UserError, match=r"--label missing: no such name in .*one and .*two"):
        read_sources([benign, other], Reading(labels={"weird": "leave-out", "missing": "nevus"}))
    with pytest.raises(UserError, match=r"one and .*three: no image shows melanoma"):
        read_sources([benign, source("three", ("d", 4, "nevus"))], Reading(labels={"weird": "leave-out"}))
