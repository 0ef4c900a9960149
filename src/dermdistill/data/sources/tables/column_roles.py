"""Which column of a table says what, by the names that published data sets and people give to columns.

The user's ``--image-column`` and the like come first: the column takes the place of all others of its role.
"""

from collections.abc import Collection, Sequence

from dermdistill.data.sources.tables.csv_table import spelling
from dermdistill.errors import UserError
from dermdistill.reading import Reading

IMAGE_NAMES = (
    *("isic_id", "image_id", "image", "image_name", "img_id", "img_name", "img", "ddi_file", "md5hash"),
    *("filename", "file_name", "image_filename", "image_file_name", "image_file", "photo", "picture"),
)
IMAGE_PATHS = (
    *("image_path", "img_path", "path", "filepath", "file_path", "file", "relative_path", "full_path"),
)
"""Beside a name, a path says where the file is."""

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

COLLECTION = ("dataset", "attribution")

DETAIL_COLUMNS = frozenset((*LESION, *PATIENT, *AGE, *SEX, *SITE, *FITZPATRICK, *SKIN_TONE, *COLLECTION))
"""All columns that say something of a lesion or patient but the diagnosis."""


def image_column(columns: Sequence[str]) -> str | None:
    """The column that names the images, or else says where they are; None if there is none."""
    return next((name for name in (*IMAGE_NAMES, *IMAGE_PATHS) if name in columns), None)


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
        (reading.image_column, "image", (*IMAGE_NAMES, *IMAGE_PATHS)),
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
            raise UserError(f"{option} {given}: no such column in {where}; it has {found}")
