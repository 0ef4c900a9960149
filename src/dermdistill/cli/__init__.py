"""The command line. Heavy imports live inside the commands, so that ``--help`` is instant."""

import os
import sys
import traceback

from dermdistill.cli import streams
from dermdistill.cli.old_names import translated
from dermdistill.errors import SeveralError, UserError, printable
from dermdistill.files import disk_is_full
from dermdistill.messages import Verbosity, detail, is_verbose, note, set_verbosity


def main() -> None:
    """Run a command: exit code 0 success, 1 failure, 2 wrong use, 130 interrupted."""
    streams.prepare()
    set_verbosity(Verbosity.NORMAL)
    from dermdistill.cli.app import app

    try:
        sys.argv[1:], notes = translated(sys.argv[1:])
        if not {"-q", "--quiet"} & set(sys.argv):  # which the command itself reads later
            for text in notes:
                note(text)
        app()
    except UserError as error:
        _say_error(error)
        sys.exit(2)
    except BrokenPipeError:
        # The reader of the results has stopped, as `head` does; Python must not complain on exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except Exception as error:
        of_disk = _of_disk(error) if isinstance(error, OSError) else None
        _say_unexpected(error) if of_disk is None else _say_error(of_disk)
        sys.exit(1 if of_disk is None else 2)


def _say_error(error: UserError) -> None:
    others = error.lines if isinstance(error, SeveralError) else ()
    for line in (f"error: {error}", *(f"also: {other}" for other in others)):
        print(line, file=sys.stderr)
    if error.__cause__ is not None:
        detail(f"cause: {type(error.__cause__).__name__}: {error.__cause__}")


def _of_disk(error: OSError) -> UserError | None:
    """What a user can mend on the disk; None for anything else."""
    if isinstance(error, PermissionError):
        hint = "this user may not; change the permissions"
    elif disk_is_full(error):
        hint = "free some space and repeat"
    else:
        return None
    return UserError(f"{printable(str(error.filename or 'disk'))}: {error.strerror}; {hint}")


def _say_unexpected(error: Exception) -> None:
    """A line for an error that is none of the user's; with ``--verbose`` also where it happened."""
    if is_verbose():
        traceback.print_exception(error)
    hint = "" if is_verbose() else "; --verbose shows where it happened"
    print(f"error: unexpected {printable(f'{type(error).__name__}: {error}')}{hint}", file=sys.stderr)
