"""Pages that end with a digest of themselves, by which one that somebody has edited is known."""

import hashlib
from pathlib import Path

_SIGNATURE = ("<!-- written by dermdistill; digest of the above: ", " -->\n")


def sign(page: str) -> str:
    """The page with a digest of itself behind it."""
    digest = hashlib.blake2b(page.encode(), digest_size=16).hexdigest()
    return f"{page}{_SIGNATURE[0]}{digest}{_SIGNATURE[1]}"


def is_unedited(path: Path) -> bool:
    """Whether a file is a page as this program wrote it."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    page, mark, _ = content.rpartition(_SIGNATURE[0])
    return mark != "" and content == sign(page)
