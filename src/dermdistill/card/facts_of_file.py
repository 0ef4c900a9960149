"""What a model file says of itself."""

from collections.abc import Iterator

from dermdistill import __version__
from dermdistill.card.licence import Licence, trained_on
from dermdistill.card.recorded import Fact
from dermdistill.card.subject import Subject
from dermdistill.inference.model_info import ModelInfo, member_networks
from dermdistill.inference.wording import DISCLAIMER

_ADAPTED = "adapted_"
"""How the entries of `dermdistill adapt` in the provenance begin."""

Facts = Iterator[tuple[str, Fact]]


def file_facts(subject: Subject, licence: Licence | None) -> Facts:
    """From the metadata of the model file and from the program that reads it."""
    name, info = subject.files[0].name, subject.info

    def field(key: str) -> str:
        return f"{name}, metadata `{key}`"

    yield "title", Fact(f"README.md is titled: {title(subject)}.", "README.md, title")
    yield from _purpose(info, field("classes"))
    yield from _network(info, field("architecture"), field("input"))
    yield from _answers(subject, field("thresholds"))
    yield from _validation(info, field("validation"), field("calibration"))
    yield from _training(info, field("provenance"))
    yield from _availability(subject, licence)


def title(subject: Subject) -> str:
    """The title of the card."""
    return f"{subject.name}, a prediction model for melanoma in dermoscopic photographs"


def _purpose(info: ModelInfo, where: str) -> Facts:
    diagnoses = len(info.classes) > 2
    task = "P(melanoma) from one dermoscopic photograph: a diagnostic prediction model"
    if diagnoses:
        task += (
            f". It also gives the probabilities of {len(info.classes)} diagnoses: {', '.join(info.classes)}"
        )
    yield "task", Fact(f"{task}.", where)
    yield (
        "use",
        Fact(f"It is {DISCLAIMER}; it must not decide about a person.", "dermdistill, its disclaimer"),
    )
    yield (
        "outcome",
        Fact("Melanoma against all other diagnoses, as the label of the image says; no time horizon.", where),
    )
    yield "technology", Fact("Deep learning: a neural network that reads photographs.", where)


def _network(info: ModelInfo, where: str, where_input: str) -> Facts:
    members = member_networks(info.architecture)
    yield (
        "network",
        Fact(f"Neural network `{info.architecture}`; the file holds every layer and weight.", where),
    )
    ensemble = (
        f"The model is the mean of the logits of {len(members)} networks: {', '.join(members)}."
        if len(members) > 1
        else "The model is one network, not an ensemble."
    )
    yield "ensembling", Fact(ensemble, where)
    spec = info.input
    mean, std = (", ".join(f"{value:g}" for value in values) for values in (spec.mean, spec.std))
    halved = "" if spec.halve_from is None else f" Photographs from {spec.halve_from} px on are halved first."
    yield (
        "input",
        Fact(
            f"The whole photograph, RGB, is resized to {spec.size} x {spec.size} px and normalised "
            f"(mean {mean}, standard deviation {std}).{halved} No part is "
            "cropped or selected. All photographs are treated alike.",
            where_input,
        ),
    )
    yield (
        "predictors",
        Fact("The pixels of one photograph; no clinical data, no human judgement.", where_input),
    )
    yield "input_type", Fact("Unstructured: images.", where_input)


def _answers(subject: Subject, where: str) -> Facts:
    info = subject.info
    form = "softmax of the logits" if info.output == "softmax" else "softmax of the softmax of the logits"
    calibrated = " P(melanoma) is calibrated (Platt scaling)." if info.calibration else ""
    yield (
        "output",
        Fact(
            f"Probabilities of {', '.join(info.classes)} ({form}).{calibrated}",
            where.replace("thresholds", "output"),
        ),
    )
    points = [point for point in info.thresholds if point.threshold is not None]
    if points:
        chosen = "; ".join(
            f"{point.name}: melanoma from P = {point.threshold:.3g} on"
            + (
                ""
                if point.sensitivity is None or point.specificity is None
                else f" (sensitivity {point.sensitivity:.2f}, specificity {point.specificity:.2f})"
            )
            for point in points
        )
        yield "operating_points", Fact(f"Thresholds, chosen on the validation images: {chosen}.", where)
    if info.reference is not None:
        also = " It asks whether a picture is a dermoscopic photograph at all." if info.detector else ""
        yield (
            "input_warnings",
            Fact(
                "`predict` warns of a photograph that is smaller than the input, not in colour, or blurred."
                f"{also} A file that cannot be read gets an error instead of an answer.",
                where.replace("thresholds", "reference"),
            ),
        )
    yield (
        "handling",
        Fact(
            "Users give photograph files; nothing has to be marked, cropped or entered by hand.",
            where.replace("thresholds", "input"),
        ),
    )


def _validation(info: ModelInfo, where: str, where_calibration: str) -> Facts:
    scores = info.validation
    if scores is None:
        return
    images = len(scores.melanoma) + len(scores.other)
    counted = f"{images:,} validation images, {len(scores.melanoma):,} of them melanomas"
    yield "validation", Fact(f"Thresholds and calibration come from {counted}.", where)
    if info.calibration is not None:
        yield (
            "calibration",
            Fact(
                f"P(melanoma) was recalibrated by Platt scaling on {counted} (slope "
                f"{info.calibration.slope:.3f}, intercept {info.calibration.intercept:.3f}).",
                where_calibration,
            ),
        )


def _training(info: ModelInfo, where: str) -> Facts:
    made = info.provenance
    if "data" in made:
        yield "data_layout", Fact(f"Layout of the training data: {made['data']}.", f"{where[:-1]}.data`")
    if "split" in made:
        yield (
            "split_digest",
            Fact(f"The split of the images has the digest {made['split']}.", f"{where[:-1]}.split`"),
        )
    known = ("recipe", "objective", "seed", "program")
    stated = ", ".join(f"{key} {made[key]}" for key in known if key in made)
    if stated:
        yield "made_by", Fact(f"Made by: {stated}.", where)
    if "program" in made:
        yield "program", Fact(f"{made['program']}.", f"{where[:-1]}.program`")
    adapted = "; ".join(
        f"{key.removeprefix(_ADAPTED).replace('_', ' ')} {value}"
        for key, value in made.items()
        if key.startswith(_ADAPTED)
    )
    if adapted:
        yield "updating", Fact(f"The model was adapted by `dermdistill adapt`: {adapted}.", where)
    if info.learned_from is not None:
        yield (
            "leaks",
            Fact(
                "The file holds perceptual hashes of its training and validation images, so that "
                "`dermdistill evaluate` reports test images that the model learned from.",
                where.replace("provenance", "learned_from"),
            ),
        )
    for entry in trained_on(info):
        if entry is not None:
            yield (
                "data_access",
                Fact(
                    f"Training images: {entry.name}, {entry.licence}. {'; '.join(entry.attribution)}.",
                    f"{where[:-1]}.data`; dermdistill, its list of published data",
                ),
            )


def _availability(subject: Subject, licence: Licence | None) -> Facts:
    name = subject.files[0].name
    yield (
        "access",
        Fact(
            f"`dermdistill predict --model {name}`, `dermdistill.load` in Python, or any ONNX runtime: the "
            "graph takes pixels (N, H, W, 3), uint8, RGB, and gives `probability` and `probabilities`; "
            "preprocessing and calibration are in it.",
            f"{name}, its graph",
        ),
    )
    names = ", ".join(path.name for path in subject.files)
    yield "files", Fact(f"Model files in this folder: {names}.", "SHA256SUMS")
    yield "sharing", Fact("Does not apply: the model files are in this folder.", "SHA256SUMS")
    yield (
        "code",
        Fact(f"The program is dermdistill {__version__}, under Apache-2.0.", "dermdistill, package metadata"),
    )
    if licence is not None:
        yield "licence", Fact(f"{licence.name}: {licence.why}.", "LICENSE")
