"""Silence for libraries that warn and log about untrusted files.

``warnings.catch_warnings`` swaps the filters of the whole process, so two threads that use it can leave each
other's behind. Here one filter is put in place that answers for the calling thread alone.
"""

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_LOGGERS = ("pydicom", "PIL.TiffImagePlugin", "PIL.PngImagePlugin", "PIL.Image")


class _Here(threading.local):
    quiet = False


_here = _Here()


class _QuietThread:
    """Stands where a warnings filter has its compiled pattern: it matches whatever a quiet thread says."""

    pattern = "(?!)"
    """For who copies the filters, as scikit-learn does: a copy matches nothing."""

    def match(self, _: str) -> bool:
        return _here.quiet


_FILTER: Any = ("ignore", _QuietThread(), Warning, None, 0)


def _unless_quiet(_: logging.LogRecord) -> bool:
    return not _here.quiet


@contextmanager
def quiet() -> Iterator[None]:
    """Within it, this thread warns of nothing and the image libraries log nothing; others are as before."""
    # Others may have put filters before ours, or swapped the list (pytest does around every test).
    if not warnings.filters or warnings.filters[0] is not _FILTER:
        warnings.filters.insert(0, _FILTER)  # type: ignore[attr-defined]
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_unless_quiet)  # adding it again changes nothing
    before, _here.quiet = _here.quiet, True
    try:
        yield
    finally:
        _here.quiet = before
