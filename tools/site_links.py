"""A hook of mkdocs: links to files outside docs/, which the site does not hold, become plain text there."""

import re

_OUTSIDE = re.compile(r"(?<!!)\[([^\]]+)\]\(\.\./[^)]*\)")


def on_page_markdown(markdown: str, **_: object) -> str:
    """The text of a page as the site shows it."""
    return _OUTSIDE.sub(r"\1", markdown)
