import io
import sys

import pytest

from dermdistill.progress import bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_for_terminals_only(monkeypatch: pytest.MonkeyPatch, terminal: bool) -> None:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    assert list(bar([1, 2, 3], label="counting", unit="step")) == [1, 2, 3]
    assert ("counting" in stream.getvalue()) == terminal


def test_a_hidden_bar_is_on_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with bar(label="counting", unit="step", total=3, hidden=True) as shown:
        shown.update(3)
    assert stream.getvalue() == ""
