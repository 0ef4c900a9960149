import pytest

from dermdistill.digits import rounded, six_digits


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.1234567, 0.123457), (1.23456789e-7, 1.23457e-7), (0.0, 0.0), (1.0, 1.0), (123456789.0, 123457000.0)],
)
def test_six_significant_digits(value: float, shown: float) -> None:
    assert six_digits(value) == shown


def test_everything_else_in_json_stays() -> None:
    content = {"a": [1, None, "0.1234567", True, (0.1234567,)], "b": {"c": 0.1234567}}
    assert rounded(content) == {"a": [1, None, "0.1234567", True, [0.123457]], "b": {"c": 0.123457}}
