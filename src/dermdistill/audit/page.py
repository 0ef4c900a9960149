"""An audit as one page: nothing is fetched, pictures and style are inside."""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from dermdistill.audit.audit import Audit
from dermdistill.audit.findings import KINDS, Finding, Kind
from dermdistill.audit.left_out import images_at_fault
from dermdistill.audit.shortcuts import Shortcut
from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import Estimate
from dermdistill.records import SPLIT_NAMES, Record

SHOWN = 50
"""Findings of a kind that the page shows; the CSV holds all."""

_THUMBNAIL = 144
_TEMPLATES = Path(__file__).parent / "templates"
_SHARED = Path(__file__).parents[1] / "report" / "templates"


@dataclass(frozen=True, slots=True)
class _Picture:
    """An image of a finding; ``source`` is a data URI, None where the image cannot be read."""

    source: str | None
    name: str
    about: str


@dataclass(frozen=True, slots=True)
class _Shown:
    pictures: tuple[_Picture, ...]
    rank: int
    detail: str


@dataclass(frozen=True, slots=True)
class _PageSection:
    name: str
    kind: Kind
    count: str
    left_out: str
    shown: tuple[_Shown, ...]


def render(audit: Audit, model: str, *, title: str) -> str:
    """The page.

    Args:
        audit: what was found.
        model: what to call the model that looked at the images.
        title: what to call the data.
    """
    records = audit.dataset.records
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_TEMPLATES, _SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("audit.html.j2").render(
        css=Markup((_SHARED / "style.css").read_text() + (_TEMPLATES / "audit.css").read_text()),
        title=f"Audit of {title}",
        synthetic=audit.dataset.synthetic,
        images=f"{len(records):,}",
        lesions=f"{len({record.lesion_id for record in records}):,}",
        layout=audit.dataset.layout,
        counts=_counts(records),
        model=model,
        sections=list(_sections(audit)),
        most=SHOWN,
        images_at_fault=f"{len(images_at_fault(audit.findings)):,}",
        shortcuts=[_row(each) for each in audit.shortcuts],
        sources=[_row(each) for each in audit.sources],
        notes=audit.notes,
    )


def _counts(records: Sequence[Record]) -> list[tuple[str, str, str, str]]:
    """Source, split, images and melanomas of each part of the data."""
    parts: dict[tuple[str, str], list[bool]] = {}
    for record in records:
        parts.setdefault((record.source, record.split or "none"), []).append(record.is_melanoma)
    return [
        (source, split, f"{len(labels):,}", f"{sum(labels):,}")
        for (source, split), labels in sorted(parts.items(), key=_by_source_and_split)
    ]


def _by_source_and_split(part: tuple[tuple[str, str], list[bool]]) -> tuple[str, int]:
    (source, split), _ = part
    return source, [*SPLIT_NAMES, "none"].index(split)


def _sections(audit: Audit) -> Iterator[_PageSection]:
    for name, kind in KINDS.items():
        of_kind = [finding for finding in audit.findings if finding.kind == name]
        shown = tuple(
            _shown(finding, rank, audit.dataset.records)
            for rank, finding in enumerate(of_kind[:SHOWN], start=1)
        )
        left_out = {row for finding in of_kind for row in finding.leave_out}
        yield _PageSection(name, kind, f"{len(of_kind):,}", f"{len(left_out):,}", shown)


def _shown(finding: Finding, rank: int, records: Sequence[Record]) -> _Shown:
    pictures = tuple(_picture(records[row]) for row in finding.images)
    of_kind = KINDS[finding.kind].score
    score = f"; {of_kind} {finding.score:.4f}" if of_kind else ""
    return _Shown(pictures, rank, finding.detail + score)


def _picture(record: Record) -> _Picture:
    about = [record.diagnosis, *filter(None, [record.split, record.source])]
    return _Picture(_thumbnail(record), record.image_id, ", ".join(about))


def _thumbnail(record: Record) -> str | None:
    try:
        image = Image.fromarray(record.image.decode())
    except UserError:
        return None
    image.thumbnail((_THUMBNAIL, _THUMBNAIL), Image.Resampling.BILINEAR)
    encoded = io.BytesIO()
    image.save(encoded, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.getvalue()).decode()}"


def _row(shortcut: Shortcut) -> tuple[str, str, str, str, str]:
    """Name, AUC, interval, number of images, and why something is missing."""
    auc = shortcut.auc
    return shortcut.name, _figure(auc.value), _interval(auc), f"{shortcut.images:,}", auc.reason or ""


def _figure(value: float | None) -> str:
    return "\N{EN DASH}" if value is None else f"{value:.3f}"


def _interval(auc: Estimate) -> str:
    return "" if auc.low is None or auc.high is None else f"[{auc.low:.3f}, {auc.high:.3f}]"
