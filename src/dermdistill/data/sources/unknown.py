"""What to say of a path that has no known layout: what was found there, and the least that would do."""

from collections import Counter
from pathlib import Path

from dermdistill.data.listing import is_image, kinds, suffix
from dermdistill.data.sources import folder, label_table
from dermdistill.data.sources.on_disk.walk import unwrapped, visible_files
from dermdistill.data.sources.tables.csv_table import other_format
from dermdistill.data.sources.tables.table_records import SMALLEST_TABLE
from dermdistill.errors import UserError

_DO = f"name folders by diagnosis (melanoma, nevus), or write a CSV such as {SMALLEST_TABLE}"


def unknown_layout(path: Path) -> UserError:
    """The error, in one short line."""
    if path.is_file():
        what = other_format(path)
        if what:
            return UserError(f"{path}: {what}; save it as CSV (in UTF-8) and give that")
        kind = "an image; give the folder or CSV that labels it" if is_image(str(path)) else "not a CSV"
        return UserError(f"{path}: {kind}; expected a folder or a CSV such as {SMALLEST_TABLE}")
    found = _found(path)
    return UserError(f"{path}: not a known layout: {found}{'; or' if ' --' in found else ';'} {_DO}")


def _found(path: Path) -> str:
    about = next(filter(None, map(label_table.near_miss, unwrapped(path))), "") or folder.near_miss(path)
    if about:
        return about
    files = list(visible_files(path))
    sheet = next((file for file in files if other_format(file) and file.suffix.lower() != ".txt"), None)
    if sheet is not None:
        return f"{sheet.name} is {other_format(sheet)}: save it as CSV (in UTF-8) beside the images"
    images = sum(is_image(str(file)) for file in files)
    if images:
        return f"it holds {images} images and no labels"
    return (
        f"it holds no images, only {kinds(Counter(suffix(str(file)) for file in files))}"
        if files
        else "it is empty"
    )
