"""What a command says on standard error, as far as ``--quiet`` and ``--verbose`` let it.

Errors and warnings are always shown. ``--quiet`` leaves out notes and progress; only ``--verbose`` shows
details.
"""

import sys
from enum import IntEnum


class Verbosity(IntEnum):
    """How much a command says."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_verbosity = Verbosity.NORMAL


def set_verbosity(verbosity: Verbosity) -> None:
    """Choose how much this process says."""
    global _verbosity
    _verbosity = verbosity


def is_quiet() -> bool:
    """Whether notes and progress are left out."""
    return _verbosity == Verbosity.QUIET


def is_verbose() -> bool:
    """Whether details are shown."""
    return _verbosity == Verbosity.VERBOSE


def counted(number: int, what: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def warn(text: str) -> None:
    """Say what changes how a result is read; ``--quiet`` shows it too."""
    _print(f"warning: {text}")


def note(text: str) -> None:
    """Say what a user should know of the input."""
    if not is_quiet():
        _print(f"note: {text}")


def inform(text: str) -> None:
    """Say what happens, or what has been done."""
    if not is_quiet():
        _print(text)


def detail(text: str) -> None:
    """Say what only ``--verbose`` shows."""
    if is_verbose():
        _print(f"detail: {text}")


def _print(text: str) -> None:
    print(text, file=sys.stderr)
