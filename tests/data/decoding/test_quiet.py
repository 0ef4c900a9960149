"""Silence of one thread, and of no other."""

import logging
import re
import threading
import warnings

import pytest

from dermdistill.data.decoding.quiet import quiet


def test_warnings_are_swallowed_inside_only() -> None:
    with quiet():
        warnings.warn("inside", stacklevel=1)
    with pytest.warns(UserWarning, match="after"):
        warnings.warn("after", stacklevel=1)


def test_nests_and_ends_with_an_error() -> None:
    with pytest.raises(ValueError, match="x"), quiet():  # noqa: PT012
        with quiet():
            pass
        warnings.warn("still inside", stacklevel=1)
        raise ValueError("x")
    with pytest.raises(UserWarning):
        warnings.warn("after", stacklevel=1)


def test_other_threads_still_warn() -> None:
    caught: list[str] = []

    def other() -> None:
        try:
            warnings.warn("from a thread", stacklevel=1)
        except UserWarning as warning:  # warnings are errors in these tests
            caught.append(str(warning))

    with quiet():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert caught == ["from a thread"]


def test_filters_do_not_pile_up() -> None:
    with quiet():
        number = len(warnings.filters)
    for _ in range(5):
        with quiet():
            assert len(warnings.filters) == number


def test_what_pydicom_logs_is_swallowed(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("pydicom")
    with quiet():
        logger.warning("inside")
    logger.warning("outside")
    assert [record.message for record in caplog.records] == ["outside"]


def test_a_copy_of_the_filters_silences_nobody() -> None:
    # scikit-learn hands the patterns of all filters to its workers, as text.
    with quiet():
        patterns = [each[1].pattern for each in warnings.filters if each[1] is not None]
    assert patterns
    assert not any(re.match(pattern, "a warning") for pattern in patterns)
