"""The one error that a user causes and can mend."""


class UserError(Exception):
    """A wrong input: one line that names the file, what was expected and what to do.

    The command line prints the message alone, without a traceback, and exits with code 2.
    """


def printable(text: str) -> str:
    """Text for one line of a terminal: line ends, control characters and undecodable bytes become escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
