"""The command line. Heavy imports live inside the commands, so that ``--help`` is instant."""

import os
import sys

from dermdistill.cli import streams
from dermdistill.errors import SeveralError, UserError, printable
from dermdistill.files import disk_is_full


def main() -> None:
    """Run a command: exit code 0 success, 1 failure, 2 wrong use, 130 interrupted."""
    streams.prepare()
    from dermdistill.cli.app import app

    try:
        app()
    except UserError as error:
        others = error.lines if isinstance(error, SeveralError) else ()
        for line in (f"error: {error}", *(f"also: {other}" for other in others)):
            print(line, file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever reads the results has seen enough, as `head` does; Python must not complain on exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(1)
    except OSError as error:
        if isinstance(error, PermissionError):
            hint = "this user may not; change the permissions"
        elif disk_is_full(error):
            hint = "free some space and repeat"
        else:
            raise
        name = printable(str(error.filename or "disk"))
        print(f"error: {name}: {error.strerror}; {hint}", file=sys.stderr)
        sys.exit(2)
