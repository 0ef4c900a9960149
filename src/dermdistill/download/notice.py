"""The licence of a data set, as a text beside its images."""

from dermdistill.download.published import Published

NOTICE = "LICENCE.txt"


def notice(published: Published) -> str:
    """What a user of the images must know and say."""
    lines = [
        f"{published.name}: images {published.images}; downloaded by dermdistill from their publisher.",
        "",
        f"Licence: {published.licence}",
        "",
        "If you use the images, name:",
        *(f"- {line}" for line in published.attribution),
    ]
    return "".join(f"{line}\n" for line in lines)
