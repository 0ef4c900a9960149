"""Data as people have it, in miniature: folders, their own tables, arrays; what is read or refused."""

from dermdistill.reading import Reading
from tests.data.sources.miniatures import Miniature, float_grey, jpgs, normalised, numbered_arrays
from tests.data.sources.published_miniatures import PUBLISHED

FOLDERS = tuple(
    Miniature(
        f"class folders under {train} and {test}",
        {},
        [f"{train}/melanoma/a.jpg", f"{train}/nevus/b.jpg", f"{test}/melanoma/c.jpg", f"{test}/nevus/d.jpg"],
        shows={
            f"{train}/melanoma/a.jpg": "melanoma/train",
            f"{train}/nevus/b.jpg": "nevus/train",
            f"{test}/melanoma/c.jpg": f"melanoma/{split}",
            f"{test}/nevus/d.jpg": f"nevus/{split}",
        },
    )
    for train, test, split in (
        ("train_dir", "val_dir", "val"),
        ("training_set", "test_set", "test"),
        ("train_sep", "valid", "val"),
        ("Train", "Validation", "val"),
    )
)

_TWO = jpgs("images", "photo1", "photo2")
_SHOWN = {"photo1": "melanoma", "photo2": "nevus"}
_LINES = ("image,diagnosis", "photo1.jpg,melanoma", "photo2.jpg,nevus")

OWN = (
    Miniature("the smallest CSV", {"labels.csv": _LINES}, _TWO, shows=_SHOWN),
    Miniature(
        "upper-case names, an index column of pandas",
        {"labels.csv": ["Unnamed: 0,IMAGE ID,Label", "0,photo1,Melanoma", "1,photo2,NV"]},
        _TWO,
        shows=_SHOWN,
    ),
    Miniature(
        "paths from the CSV's folder; one name in two folders",
        {
            "tables/labels.csv": [
                "file_path,class",
                "../train/melanoma/1.jpg,melanoma",
                "../train/nevus/1.jpg,nevus",
            ]
        },
        ["train/melanoma/1.jpg", "train/nevus/1.jpg"],
        at="tables/labels.csv",
        shows={"../train/melanoma/1": "melanoma", "../train/nevus/1": "nevus"},
    ),
    Miniature(
        "paths of another machine",
        {"labels.csv": ["path,label", "/kaggle/input/x/train/a.jpg,melanoma", "C:\\x\\train\\b.jpg,nevus"]},
        ["train/a.jpg", "train/b.jpg"],
        shows={"a": "melanoma", "b": "nevus"},
    ),
    Miniature(
        "a column of splits",
        {"labels.csv": ["filename,label,split", "photo1.jpg,melanoma,train", "photo2.jpg,nevus,valid"]},
        _TWO,
        shows={"photo1": "melanoma/train", "photo2": "nevus/val"},
    ),
    Miniature(
        "one column of 0 and 1",
        {"labels.csv": ["image,melanoma", "photo1,1", "photo2,0"]},
        _TWO,
        shows={"photo1": "melanoma", "photo2": "not melanoma"},
    ),
    Miniature(
        "Excel: semicolons, a byte-order mark, quoted cells, blank lines",
        {
            "labels.csv": (
                '\ufeff"image";"diagnosis"\r\n"photo1.jpg";"Melanoma, NOS"\r\n;\r\nphoto2.jpg;nevus\r\n'
            ).encode()
        },
        _TWO,
        shows=_SHOWN,
    ),
    Miniature(
        "Excel: Unicode text (UTF-16, tabs)",
        {"labels.tsv": "image\tdiagnosis\r\nphoto1\tmelanoma\r\nphoto2\tnaevus\r\n".encode("utf-16")},
        _TWO,
        shows=_SHOWN,
    ),
    Miniature(
        "Windows-1252",
        {"labels.csv": "image,diagnosis\nphoto1,melanoma\nphoto2,n\u00e6vus\n".encode("cp1252")},
        _TWO,
        shows=_SHOWN,
    ),
    Miniature(
        "other names, with the user's word",
        {"labels.csv": ["slide,finding,who", "photo1,melanoma,P1", "photo2,nevus,P1"]},
        _TWO,
        shows=_SHOWN,
        reading=Reading(image_column="slide", label_column="finding", patient_column="who"),
        options="--image-column slide --label-column finding --patient-column who",
    ),
    Miniature("other names, without it", {"labels.csv": ["slide,finding,who", "photo1,melanoma,P1"]}, _TWO),
    Miniature(
        "a column that is not there",
        {"labels.csv": _LINES},
        _TWO,
        reading=Reading(label_column="dx"),
        options="--label-column dx",
    ),
    Miniature(
        "two columns of labels that do not agree",
        {"labels.csv": ["image,label,class", "photo1,melanoma,nevus", "photo2,nevus,nevus"]},
        _TWO,
    ),
    Miniature(
        "a number beside the diagnosis that means another thing",
        {"labels.csv": ["image,diagnosis,label", "photo1,melanoma,1", "photo2,basal cell carcinoma,1"]},
        _TWO,
    ),
    Miniature(
        "a number beside the diagnosis that means the same",
        {"labels.csv": ["image,diagnosis,label", "photo1,melanoma,1", "photo2,nevus,0"]},
        _TWO,
        shows=_SHOWN,
    ),
    Miniature("numbers alone", {"labels.csv": ["image,label", "photo1,1", "photo2,0"]}, _TWO),
    Miniature(
        "malignant, not melanoma",
        {"labels.csv": ["image,label", "photo1,malignant", "photo2,benign"]},
        _TWO,
    ),
    Miniature("an image without its file", {"labels.csv": [*_LINES, "photo3.jpg,nevus"]}, _TWO),
    Miniature("an image listed twice", {"labels.csv": [*_LINES, "photo2.png,nevus"]}, _TWO),
    Miniature("an Excel workbook", {"labels.xlsx": b"PK"}, _TWO, at="labels.xlsx"),
    Miniature("an Excel workbook beside the images", {"labels.xlsx": b"PK"}, ["photo1.jpg", "photo2.jpg"]),
    Miniature("images alone", {}, ["photo1.jpg", "photo2.jpg"]),
    Miniature("folders that are not diagnoses", {}, ["holiday/a.jpg", "work/b.jpg"]),
    Miniature(
        "arrays with numbers as labels",
        more=numbered_arrays,
        shows={
            f"{split}-0000{i}": f"{name}/{split}"
            for split in ("train", "test")
            for i, name in enumerate(("other", "melanoma"))
        },
        reading=Reading(positive=("1",)),
        options="--positive 1",
    ),
    Miniature("arrays with numbers as labels, without the user's word", more=numbered_arrays),
    Miniature(
        "grey arrays of decimal numbers from 0 to 1",
        more=float_grey,
        shows=PUBLISHED[-1].shows,
    ),
    Miniature("arrays that are normalised already", more=normalised),
)
