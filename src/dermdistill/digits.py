"""Numbers as they are printed for programs: six significant digits, which no figure here is better than."""

from collections.abc import Mapping, Sequence


def six_digits(value: float) -> float:
    """The nearest number of six significant digits."""
    return float(f"{value:.6g}")


def rounded(content: object) -> object:
    """JSON content with every float in it rounded by ``six_digits``."""
    if isinstance(content, float):
        return six_digits(content)
    if isinstance(content, Mapping):
        return {key: rounded(value) for key, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [rounded(value) for value in content]
    return content
