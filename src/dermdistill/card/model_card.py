"""The model card: the Hub's metadata, and the page of the folder."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from huggingface_hub import EvalResult, ModelCard, ModelCardData

from dermdistill import __version__
from dermdistill.card.checklists import Checklist, summary_rows
from dermdistill.card.facts import DOCUMENT, LIMITS, Evidence
from dermdistill.card.facts_of_file import title
from dermdistill.card.figures import TestSet
from dermdistill.card.markdown import bullets, paragraph, table
from dermdistill.inference.decision import LESION_SUFFIX, default_point, for_images

_TAGS = ("melanoma", "dermoscopy", "skin-cancer", "medical-imaging", "onnx", "dermdistill")
_UNANSWERED = "*Unanswered: nothing recorded says it.*"
_OF_LESIONS = (
    f" A point whose name ends in `{LESION_SUFFIX}` is for the mean of the log-odds of a lesion's photos, "
    "it was chosen on the lesions of these images."
)

_SECTIONS = (
    ("What it is", ("task", "use", "network", "ensembling", "input", "output")),
    ("How it decides", ("calibration", "input_warnings")),
    (
        "What it learned from",
        (
            "training_data",
            "data_layout",
            "numbers",
            "sources",
            "splits",
            "left_out",
            "data_access",
            "card_data",
        ),
    ),
    (
        "How it was trained",
        ("training", "made_by", "first_weights", "augmentation", "selection", "imbalance", "software"),
    ),
)


def card_of(evidence: Evidence, checklists: Sequence[Checklist], files: Sequence[str]) -> ModelCard:
    """The card.

    Args:
        evidence: all that is stated.
        checklists: linked, with how much of each is answered.
        files: names of all other files in the folder.
    """
    body = "\n\n".join(_body(evidence, checklists, files))
    return ModelCard(f"---\n{_metadata(evidence).to_yaml()}\n---\n\n{body}\n")


def _metadata(evidence: Evidence) -> ModelCardData:
    subject, licence = evidence.subject, evidence.licence
    results = [result for each in evidence.test_sets for result in _results(each)]
    tags = [*_TAGS, *(["synthetic-data"] if _is_synthetic(evidence) else [])]
    return ModelCardData(
        model_name=subject.name,
        license=None if licence is None else licence.spdx.lower(),
        library_name="dermdistill",
        pipeline_tag="image-classification",
        tags=tags,
        metrics=list(dict.fromkeys(result.metric_type for result in results)) or None,
        eval_results=results or None,
    )


def _results(found: TestSet) -> Iterator[EvalResult]:
    for figure in found.figures:
        interval = None if figure.low is None else {"interval_95": [figure.low, figure.high]}
        yield EvalResult(
            task_type="image-classification",
            task_name="Melanoma against all other diagnoses",
            dataset_type=re.sub(r"[^a-z0-9]+", "-", found.name.lower()).strip("-"),
            dataset_name=found.name,
            dataset_split="test",
            metric_type=figure.metric,
            metric_name=figure.name,
            metric_value=float(f"{figure.value:.6g}"),
            metric_args=interval,
        )


def _is_synthetic(evidence: Evidence) -> bool:
    run = evidence.subject.run
    return run is not None and run.judgement.synthetic


def _body(evidence: Evidence, checklists: Sequence[Checklist], files: Sequence[str]) -> Iterator[str]:
    subject, facts = evidence.subject, evidence.facts
    yield f"# {title(subject)[0].upper()}{title(subject)[1:]}"
    if _is_synthetic(evidence):
        yield "**SYNTHETIC: made of procedural images. The figures say nothing about patients.**"
    yield paragraph(
        "**Research software, not a medical device.** It must not decide about a person. This card states "
        f"what is recorded about the model `{subject.model_id}`, and nothing else."
    )
    for heading, keys in _SECTIONS:
        found = [facts[key].text for key in keys if key in facts]
        yield f"## {heading}"
        yield bullets(found) if found else _UNANSWERED
        if heading == "How it decides":
            yield from _points(evidence)
    yield "## Performance"
    yield from _performance(evidence)
    yield "## Limits"
    yield subject.section(LIMITS) or _UNANSWERED
    yield "## Reporting checklists"
    yield paragraph(
        "Filled in from recorded facts, each with its file and field; what is not recorded is unanswered. "
        "The same as tables: the `.csv` files beside them."
    )
    yield table(summary_rows(checklists))
    yield "## Use"
    yield f"```sh\ndermdistill predict photo.jpg --model {subject.files[0].name}\n```"
    yield paragraph(facts["access"].text)
    yield "## Licence"
    yield from _licence(evidence)
    yield "## Files"
    yield _listed(files)
    yield f"Written by `dermdistill card`, dermdistill {__version__}."


def _listed(files: Sequence[str]) -> str:
    """A line per file, and one per folder."""
    folders = Counter(name.partition("/")[0] for name in files if "/" in name)
    lines = [f"- [{name}]({name})" for name in files if "/" not in name]
    counted = ("1 file" if count == 1 else f"{count} files" for count in folders.values())
    return "\n".join([*lines, *(f"- `{name}/`: {text}" for name, text in zip(folders, counted, strict=True))])


def _points(evidence: Evidence) -> Iterator[str]:
    points = [point for point in evidence.subject.info.thresholds if point.threshold is not None]
    if not points:
        return
    rows = [
        (point.name, f"{point.threshold:.3g}", *map(_share, (point.sensitivity, point.specificity)))
        for point in points
    ]
    yield paragraph(
        f"Operating points, chosen on the validation images; {default_point(evidence.subject.info)} is the "
        "default. An image is called melanoma where P(melanoma) is at or above the threshold. Sensitivity "
        "and specificity are those on the validation images."
        + (_OF_LESIONS if len(for_images(points)) < len(points) else "")
    )
    yield table([("Operating point", "Threshold", "Sensitivity", "Specificity"), *rows])


def _share(rate: float | None) -> str:
    return "" if rate is None else f"{rate:.2f}"


def _performance(evidence: Evidence) -> Iterator[str]:
    if not evidence.test_sets:
        yield f"{_UNANSWERED} `dermdistill evaluate` measures it."
        return
    yield paragraph(
        f"In brackets: 95 % intervals by bootstrap over lesions. {default_point(evidence.subject.info)} is "
        "the default operating point. The same figures are in `tables/figures.csv`, with the fields that "
        "they are from."
    )
    for each in evidence.test_sets:
        counted = f"{each.images:,} images, {each.melanomas:,} melanomas"
        note = "" if each.note is None else f" Note: {each.note}."
        yield paragraph(f"**{each.name.capitalize()}**: {counted}; {each.what}.{note}")
        yield table([("Figure", "Value"), *((figure.name, figure.text) for figure in each.figures)])
    if "card_results" in evidence.facts:
        yield f"How they were measured: [{DOCUMENT}]({DOCUMENT})."


def _licence(evidence: Evidence) -> Iterator[str]:
    licence = evidence.licence
    if licence is None:
        yield paragraph(
            f"{_UNANSWERED} Find out the licence of the training images before you publish the model. The "
            "program dermdistill is under Apache-2.0."
        )
        return
    yield paragraph(
        f"[{licence.name}]({licence.url}), {licence.why}; the text is in [LICENSE](LICENSE). The program "
        "dermdistill is under Apache-2.0."
    )
    if "data_access" in evidence.facts:
        yield paragraph(evidence.facts["data_access"].text)
