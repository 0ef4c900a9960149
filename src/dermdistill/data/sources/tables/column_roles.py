"""Which column of a table says what, by the names that published data sets and people give to columns.

The user's ``--image-column`` and the like come first: the column takes the place of all others of its role.
"""

from collections.abc import Collection, Sequence
from difflib import SequenceMatcher, get_close_matches

from dermdistill.data.sources.tables.csv_table import spelling
from dermdistill.errors import UserError
from dermdistill.reading import Reading

IMAGE_NAMES = (
    *("isic_id", "image_id", "image", "image_name", "img_id", "img_name", "img", "ddi_file", "md5hash"),
    *("filename", "file_name", "image_filename", "image_file_name", "image_file", "photo", "picture"),
    *("photo_id", "photo_name", "photo_file", "photograph", "picture_id", "picture_name", "fname", "images"),
)
IMAGE_PATHS = (
    *("image_path", "img_path", "path", "filepath", "file_path", "file", "relative_path", "full_path"),
)
"""Beside a name, a path says where the file is."""

IMAGE = (*IMAGE_NAMES, *IMAGE_PATHS)

LESION = ("lesion_id", "lesion", "lesion_number", "lesion_name")
PATIENT = ("patient_id", "patient", "patient_number", "subject_id", "subject", "pid")
AGE = ("age_approx", "age", "age_approximate", "patient_age")
SEX = ("sex", "gender")
SITE = (
    *(
        "anatom_site_general",
        "anatom_site_general_challenge",
        "localization",
        "localisation",
        "anatom_site_1",
    ),
    *("location", "region", "site", "body_site", "anatomical_site", "anatomic_site"),
)
FITZPATRICK = (
    *("fitspatrick", "fitzpatrick", "fitzpatrick_scale", "fitzpatrick_skin_type", "skin_type", "fst"),
    "fitzpatrick_centaur",
)
SKIN_TONE = ("skin_tone", "skin_tone_class")
"""On a scale of the data set's own."""

_CLOSE = 0.75
"""Likeness from which one spelling may be meant for another, 0 to 1."""

COLLECTION = ("dataset", "attribution")

DETAIL_COLUMNS = frozenset((*LESION, *PATIENT, *AGE, *SEX, *SITE, *FITZPATRICK, *SKIN_TONE, *COLLECTION))
"""All columns that say something of a lesion or patient but the diagnosis."""


def image_column(columns: Sequence[str]) -> str | None:
    """The column that names the images, or else says where they are; None if there is none."""
    return next((name for name in IMAGE if name in columns), None)


def path_column(columns: Sequence[str]) -> str | None:
    """The column that says where the images are; None if there is none."""
    return next((name for name in IMAGE_PATHS if name in columns), None)


def renamed(columns: Sequence[str], reading: Reading, labels: Collection[str]) -> dict[str, str]:
    """New names for the columns that the user names, and "" for those that they stand for.

    Args:
        columns: of the table.
        reading: the user's word.
        labels: the columns of this table that may hold diagnoses.
    """
    label = spelling(reading.label_column or "")
    names: dict[str, str] = {}
    for given, role, others in (
        (reading.image_column, "image", IMAGE),
        (reading.lesion_column, "lesion_id", LESION),
        (reading.patient_column, "patient_id", PATIENT),
        (reading.label_column, label if label in labels else "label", labels),
    ):
        if given is not None and spelling(given) in columns:
            names |= {**dict.fromkeys(others, ""), spelling(given): role}
    return names


def refuse_unknown(columns: Collection[str], reading: Reading, where: str) -> None:
    """Raise UserError where the user names a column that no table has.

    Args:
        columns: of all tables.
        reading: the user's word.
        where: the data, for the message.
    """
    for option, given in reading.columns.items():
        if spelling(given) not in columns:
            found = ", ".join(sorted(filter(None, columns))) or "no columns, as there is no CSV"
            like = nearest(spelling(given), columns)
            hint = f"; the nearest is {like}" if like else ""
            raise UserError(f"{option} {given}: no such column in {where}; it has {found}{hint}")


def nearest(name: str, names: Collection[str]) -> str | None:
    """The name that is spelled most like this one; None where none is close."""
    return next(iter(get_close_matches(name, [each for each in names if each], n=1, cutoff=_CLOSE)), None)


def misspelled(columns: Collection[str], known: Collection[str]) -> str | None:
    """The column that is spelled most like one of the known names; None where none is close."""
    close = {column: nearest(column, known) for column in columns}
    found = [(SequenceMatcher(None, column, like).ratio(), column) for column, like in close.items() if like]
    return max(found)[1] if found else None
