"""The one error that a user causes and can mend."""

from collections.abc import Sequence


class UserError(Exception):
    """A wrong input: one line that names the file, what was expected and what to do.

    The command line prints the message alone, without a traceback, and exits with code 2.
    """


class SeveralError(UserError):
    """Several wrong inputs of one kind; the message is that of the first and says how many there are.

    Attributes:
        lines: the others, or those of them that a screen can show; a line each.
    """

    def __init__(self, message: str, lines: Sequence[str]) -> None:
        super().__init__(message)
        self.lines = tuple(lines)


def printable(text: str) -> str:
    """Text for one line of a terminal: line ends, control characters and undecodable bytes become escapes."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
