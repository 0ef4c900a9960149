"""The command line. Heavy imports live inside the commands, so that ``--help`` is instant."""

import os
import sys

from dermdistill.errors import SeveralError, UserError
from dermdistill.files import disk_is_full


def main() -> None:
    """Run a command: exit code 0 success, 1 failure, 2 wrong use, 130 interrupted."""
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        if not disk_is_full(error):
            raise
        print(
            f"error: {error.filename or 'disk'}: {error.strerror}; free some space and repeat",
            file=sys.stderr,
        )
        sys.exit(2)
