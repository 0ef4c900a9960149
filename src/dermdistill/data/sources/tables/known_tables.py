"""Published data sets that are tables of labels: their names, and what a reader should know of them."""

import re
from collections.abc import Collection
from dataclasses import dataclass

from dermdistill.data.sources.on_disk.photographs import archive_id
from dermdistill.data.sources.tables.column_roles import image_column
from dermdistill.data.sources.tables.csv_table import CsvTable

_CLINICAL = "these are clinical photographs; the models are made for dermoscopic images"


@dataclass(frozen=True, slots=True)
class _KnownTable:
    """A data set, by what its table is called or by its columns."""

    layout: str
    columns: Collection[str] = ()
    called: str = ""
    remark: str = ""


_KNOWN = (
    _KnownTable("pad-ufes-20", ("img_id", "diagnostic", "lesion_id"), remark=_CLINICAL),
    _KnownTable("ddi", ("ddi_file", "disease"), remark=_CLINICAL),
    _KnownTable("fitzpatrick17k", ("md5hash", "three_partition_label"), remark=_CLINICAL),
    _KnownTable(
        "isic2016", called=r"(?:isbi|isic)[_-]?2016", remark="malignant means melanoma in this challenge"
    ),
    _KnownTable("isic2017", ("image_id", "melanoma", "seborrheic_keratosis")),
    *(_KnownTable(f"isic{year}", called=rf"isic[_-]?{year}") for year in (2018, 2019)),
    _KnownTable("isic2020", ("image_name", "target")),
    _KnownTable("isic2024", ("isic_id", "target", "iddx_1")),
    _KnownTable("isic2024", called=r"isic[_-]?2024"),
    _KnownTable("isic", ("isic_id",)),
)


def known_table(table: CsvTable) -> tuple[str | None, str]:
    """The name of the published data set that a table is of, and a remark on it; None, "" for one's own."""
    for each in _KNOWN:
        by_columns = each.columns and set(each.columns) <= set(table.columns)
        by_name = each.called and re.search(each.called, table.path.name, re.IGNORECASE)
        if by_columns or by_name:
            return each.layout, each.remark
    column = image_column(table.columns)
    of_archive = column and table.rows and archive_id(table.rows[0].cells[column])
    return ("isic", "") if of_archive else (None, "")
