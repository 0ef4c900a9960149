"""How numbers are written in the report."""

from collections.abc import Callable, Sequence

from dermdistill.benchmark.measurements import Ratio
from dermdistill.evaluation.estimates import Estimate

UNDEFINED = "\N{EN DASH}"


def fraction(value: float | None) -> str:
    """A figure from 0 to 1, three decimals."""
    return UNDEFINED if value is None else f"{value:.3f}"


def signed(value: float) -> str:
    """A difference, three decimals, always with its sign."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def interval(estimate: Estimate, *, with_sign: bool = False) -> str | None:
    """``[low, high]``; None where no interval was made."""
    if estimate.low is None or estimate.high is None:
        return None
    write = signed if with_sign else fraction
    return f"[{write(estimate.low)}, {write(estimate.high)}]"


def with_interval(estimate: Estimate, *, with_sign: bool = False) -> str:
    """The value and its interval in one line."""
    if estimate.value is None:
        return UNDEFINED
    value = signed(estimate.value) if with_sign else fraction(estimate.value)
    bounds = interval(estimate, with_sign=with_sign)
    return value if bounds is None else f"{value} {bounds}"


def span(values: Sequence[float], write: Callable[[float], str]) -> str:
    """The least and the greatest of several values, or the one that all of them are written as."""
    least, greatest = write(min(values)), write(max(values))
    return least if least == greatest else f"{least}\N{EN DASH}{greatest}"


def p_value(value: float | None) -> str:
    """A p value: three decimals, or that it is smaller."""
    if value is None:
        return UNDEFINED
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def threshold(value: float) -> str:
    """A threshold on P(melanoma): three decimals, more where it is smaller than they can show."""
    if value > 1:
        return "above 1"
    return f"{value:.3f}" if value == 0 or value >= 0.01 else f"{value:.2g}"


def count(value: int) -> str:
    """A whole number with thousands separators."""
    return f"{value:,}"


def mean_count(value: float) -> str:
    """A mean of counts: one decimal where it is not whole."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def percent(part: float, whole: float) -> str:
    """A share in per cent, one decimal."""
    return f"{100 * part / whole:.1f} %" if whole else UNDEFINED


def size(number_of_bytes: int) -> str:
    """A file size in decimal units."""
    return _scaled(number_of_bytes, ("bytes", "kB", "MB", "GB", "TB"))


def macs(value: int) -> str:
    """Multiply-accumulates with their SI prefix: ``1.10 G``."""
    return _scaled(value, ("", "k", "M", "G", "T")).strip()


def duration(seconds: float) -> str:
    """A time in the two largest units that matter."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def three_digits(value: float) -> str:
    """A positive number to three significant digits, whole from 100 on."""
    return f"{value:,.0f}" if value >= 99.95 else f"{value:#.3g}"


def ratio(value: float, like: float) -> str:
    """A ratio with the decimals that one of the size of ``like`` needs: three up to about 1."""
    return f"{value:,.{3 if like < 1.05 else 2 if like < 99.95 else 0}f}"


def spread(of: Ratio) -> str | None:
    """What single rounds gave; None where there were too few."""
    if of.low is None or of.high is None:
        return None
    return f"[{ratio(of.low, of.value)}, {ratio(of.high, of.value)}]"


def with_spread(of: Ratio) -> str:
    """A ratio and its spread in one line."""
    return " ".join(filter(None, (ratio(of.value, of.value), spread(of))))


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def several(number: int, what: str) -> str:
    """``1 seed``, ``3 seeds``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _scaled(value: float, units: tuple[str, ...]) -> str:
    """Three significant digits and the largest unit that keeps the number at or above 1."""
    power = 0
    while value >= 999.5 and power < len(units) - 1:
        value /= 1000
        power += 1
    digits = 0 if power == 0 or value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:,.{digits}f} {units[power]}"
