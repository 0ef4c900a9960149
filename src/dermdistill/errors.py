"""The one error that a user causes and can mend."""


class UserError(Exception):
    """A wrong input: one line that names the file, what was expected and what to do.

    The command line prints the message alone, without a traceback, and exits with code 2.
    """
