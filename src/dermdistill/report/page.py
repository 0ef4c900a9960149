"""What every page shows and how it is put together."""

import base64
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from dermdistill.report import numbers, provenance, published, tables
from dermdistill.report.curves import Illustration
from dermdistill.report.figures import draw
from dermdistill.report.groups import Group
from dermdistill.report.reading import RunResults

Figure = dict[str, str]
"""``source``, ``caption`` and ``alt`` of an image."""

_TEMPLATES = Path(__file__).parent / "templates"


def render_page(template: str, results: RunResults, groups: Sequence[Group], **own: object) -> str:
    """A page from its template: what all pages show of a run, and what is this page's ``own``."""
    data = results.manifest.data
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["letter"] = tables.footnote_letter
    return environment.get_template(template).render(
        css=Markup((_TEMPLATES / "style.css").read_text(encoding="utf-8")),
        synthetic=data.synthetic,
        data_sentence=provenance.data_sentence(data),
        data_notes=data.notes,
        published=published,
        melanoma_share=numbers.percent(groups[0].mean.n_melanoma, groups[0].mean.n_images),
        replicates=numbers.count(results.recipe.evaluation.replicates),
        recipe=results.recipe_text,
        **own,
    )


def training_notes(results: RunResults) -> list[str]:
    """What did not go to plan, a sentence each."""
    stopped = [
        f"{model.summary.name} stopped early: {model.summary.failure}. Its figures are of the epoch kept."
        for model in results.models
        if model.summary.failure is not None
    ]
    return stopped + [f"{name} is not finished and is left out." for name in results.unfinished]


def draw_all(illustrations: Sequence[Illustration], *, synthetic: bool) -> list[Figure]:
    """The figures as the template shows them."""
    return [
        shown(draw(illustration.panel, synthetic=synthetic), illustration.caption, illustration.alt)
        for illustration in illustrations
    ]


def shown(svg: bytes, caption: str, alt: str) -> Figure:
    """A drawing as the template shows it; ``alt`` are words for who cannot see it."""
    source = f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
    return {"source": source, "caption": caption, "alt": alt}
