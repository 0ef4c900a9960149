"""What all pages are rendered with."""

import base64
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from dermdistill.report.plots import Plot, draw_plot
from dermdistill.report.table import footnote_letter

_TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, **values: object) -> str:
    """A page from its template; every value is escaped but for our own style."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["letter"] = footnote_letter
    css = Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return environment.get_template(template).render(css=css, **values)


def drawn(plots: Sequence[Plot], *, synthetic: bool) -> list[dict[str, str]]:
    """Each plot as `figure` gives it."""
    return [figure(draw_plot(plot, synthetic=synthetic), plot.caption, plot.alt) for plot in plots]


def figure(svg: bytes, caption: str, alt: str) -> dict[str, str]:
    """``source``, ``caption`` and ``alt`` of a drawing, as the templates take them."""
    encoded = base64.b64encode(svg).decode()
    return {"source": f"data:image/svg+xml;base64,{encoded}", "caption": caption, "alt": alt}
