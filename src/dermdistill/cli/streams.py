"""Standard streams that a command can rely on, however it was started."""

import io
import os
import sys

from dermdistill.errors import UserError

_READ, _WRITE = os.O_RDONLY, os.O_WRONLY


def prepare() -> None:
    """Make the standard streams fit for any text, and stand in for those that are closed.

    A character that standard output cannot show becomes an escape. A closed descriptor is
    taken up by the null device, so that no file that is opened later gets its number and others' output. What
    was to be printed on a closed standard output is an error, not lost in silence; a closed standard error
    swallows, and a closed standard input is empty.
    """
    for descriptor, mode in ((0, _READ), (1, _READ), (2, _WRITE)):  # nothing can be written to 1 then
        try:
            os.fstat(descriptor)
        except OSError:
            # Takes the lowest free number, which is this one.
            os.set_inheritable(os.open(os.devnull, mode), True)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stdout is None:
        sys.stdout = _Closed()
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class _Closed(io.StringIO):
    def write(self, text: str) -> int:
        raise UserError("standard output is closed; results cannot be printed")
