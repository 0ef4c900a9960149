"""An adaptation in words: for the terminal, as a model card in Markdown, and as a page."""

import html
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dermdistill.adaptation.figures import WIDTHS
from dermdistill.adaptation.last_step import AS_IT_IS
from dermdistill.adaptation.result import Band, Rate, Result
from dermdistill.columns import align
from dermdistill.evaluation.estimates import Estimate
from dermdistill.inference.wording import DISCLAIMER

_WIDTH = 80
_LIMITS = (
    "Probabilities and thresholds hold for photographs like these only; at another clinic, adapt anew. What "
    "the card of {model} says of its training images, its limits and its licence holds for this file too."
)
_STYLE = Path(__file__).parents[1] / "report" / "templates" / "style.css"


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report: a title, paragraphs, and a table whose first row is the header."""

    title: str
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()


def as_text(result: Result) -> str:
    """For a terminal of 80 columns."""
    parts = []
    for section in _sections(result):
        parts += [textwrap.fill(text, _WIDTH, break_long_words=False) for text in section.paragraphs]
        if section.table:
            parts.append(align(section.table, width=_WIDTH))
    return "\n\n".join(parts)


def as_markdown(result: Result, file_name: str) -> str:
    """The model card."""
    lines = [f"# {file_name}: {_title(result)}", "", f"{DISCLAIMER[0].upper()}{DISCLAIMER[1:]}."]
    for section in _sections(result):
        lines += ["", f"## {section.title}"]
        for text in section.paragraphs:
            lines += ["", text]
        if section.table:
            header, *rows = section.table
            lines += ["", _row(header), _row(["---"] * len(header)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def as_page(result: Result, file_name: str) -> str:
    """One HTML page that fetches nothing."""
    parts = [
        f"<h1>{html.escape(_title(result))}</h1>",
        f"<p>{html.escape(f'{file_name}; {DISCLAIMER}')}.</p>",
    ]
    for section in _sections(result):
        parts.append(f"<h2>{html.escape(section.title)}</h2>")
        parts += [f"<p>{html.escape(text)}</p>" for text in section.paragraphs]
        if section.table:
            parts.append(_html_table(section.table))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(_title(result))}</title>\n"
        f"<style>{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _title(result: Result) -> str:
    return f"{result.model}, adapted on {result.date}"


def _sections(result: Result) -> Iterator[Section]:
    yield Section("Adapted to", tuple(_adapted_to(result)))
    yield Section(
        "Before and after",
        (
            "After: figures of cross-validation, of photographs that decided nothing. Sensitivity and "
            "specificity count one photograph of each independent case, with exact 95 % intervals.",
        ),
        _before_and_after(result),
    )
    yield Section("Threshold", tuple(_threshold(result)))
    yield Section("Last step", (_last_step(result),))
    if result.bands:
        yield Section("Referring to a person", (_referring(result),), _bands(result))
    yield Section("Limits", (_LIMITS.format(model=result.model),))


def _adapted_to(result: Result) -> Iterator[str]:
    of = result.photographs
    yield (
        f"{result.model} was adapted to {of.images:,} photographs of {of.lesions:,} lesions, "
        f"{of.melanomas:,} of melanoma ({100 * of.prevalence:.3g} %, which P(melanoma) is now meant for); "
        f"{of.melanoma_groups:,} melanomas are independent. Digest of the photographs: {of.digest}."
    )
    yield from (f"Note: {text}." for text in result.notes)


def _before_and_after(result: Result) -> tuple[tuple[str, ...], ...]:
    sides = (result.before, result.after)
    rows: list[tuple[str, ...]] = [("", "before", "after")]
    rows.append(("AUC", *(_estimate(side.auc) for side in sides)))
    rows.append(("calibration error (ECE)", *(_estimate(side.ece) for side in sides)))
    rows.append(("operating point", *(side.point for side in sides)))
    rows.append(("flagged from P =", *(f"{side.threshold:.3g}" for side in sides)))
    rows.append(("sensitivity", *(_rate(side.sensitivity) for side in sides)))
    rows.append(("specificity", *(_rate(side.specificity) for side in sides)))
    return tuple(rows)


def _threshold(result: Result) -> Iterator[str]:
    threshold, after = result.threshold, result.after
    below = f"It leaves {threshold.misses} of the {threshold.cases} melanomas that set it unflagged"
    if threshold.promised:
        yield (
            f"With 95 % confidence, the sensitivity of {after.point} is at least {threshold.wanted:g} for "
            f"photographs like these: of the same place, people, camera and way of choosing. {below}."
        )
    else:
        yield (
            f"No sensitivity of {threshold.wanted:g} is promised: that needs {threshold.needed} independent "
            f"melanomas, and there are {result.photographs.melanoma_groups}, which could promise "
            f"{threshold.most_promised:.2f} at most (--sensitivity). {below}."
        )
    yield _how_wide(result)


def _how_wide(result: Result) -> str:
    found = result.after.sensitivity
    needed = [
        f"{result.more_melanomas[width]:,} for {width}" for width in WIDTHS if result.more_melanomas[width]
    ]
    more = f" To narrow it, about so many more melanomas are needed: {', '.join(needed)}." if needed else ""
    return f"The 95 % interval of the sensitivity is {found.high - found.low:.2f} wide.{more}"


def _last_step(result: Result) -> str:
    gains = "; ".join(
        f"to the {gain.last_step}: AUC {gain.delta_auc:+.3f}, standard error {gain.standard_error:.3f}"
        for gain in result.gains
    )
    if not gains:
        return "The last step stays as it was: too few melanomas to fit another one besides the threshold."
    if result.last_step == AS_IT_IS:
        return f"The last step stays as it was: no clear gain in cross-validation ({gains})."
    return f"The last step was fitted anew, to the {result.last_step}, by cross-validation ({gains})."


def _referring(result: Result) -> str:
    return (
        "Photographs between the threshold and a higher operating point can be referred to a person: "
        "`predict --refer-below POINT`. In cross-validation (melanomas in brackets):"
    )


def _bands(result: Result) -> tuple[tuple[str, ...], ...]:
    header = ("POINT", "not flagged", "referred", "flagged")
    return (header, *(_band(band) for band in result.bands))


def _band(band: Band) -> tuple[str, ...]:
    images = band.not_flagged + band.referred + band.flagged
    return (
        band.up_to,
        *(
            f"{count:,} = {100 * count / images:.0f} % ({melanomas:,})"
            for count, melanomas in (
                (band.not_flagged, band.melanomas_missed),
                (band.referred, band.melanomas_referred),
                (band.flagged, band.melanomas_flagged),
            )
        ),
    )


def _estimate(estimate: Estimate) -> str:
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _rate(rate: Rate) -> str:
    return f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]"


def _row(cells: tuple[str, ...] | list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _html_table(table: tuple[tuple[str, ...], ...]) -> str:
    header, *rows = table
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in header)
    body = "".join(
        f'<tr><td class="text">{html.escape(first)}</td>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
