"""Spoil photographs as the world does, and see how far the shipped model's answers move.

    python -m tests.real.robustness SPLIT.csv HAM10000 ISIC-ARCHIVE > docs/results/robustness.json

writes the table of docs/results.md for the validation images of the split; no test image is spent.
"""

import argparse
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

import dermdistill
from dermdistill.evaluation.metrics import auc
from dermdistill.records import MELANOMA, Record

from .shipped_split import images_of

Spoil = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True)
class Effect:
    """What one way of spoiling does to the answers.

    Attributes:
        auc: melanoma against the rest.
        mean_probability: mean P(melanoma).
        moved_95: 95 % of the images move P(melanoma) by at most this.
        decided_otherwise: share of the images whose decision changes, at the default operating point.
        sensitivity: at the default operating point.
        specificity: at the default operating point.
        warned: share of the images that get a warning.
    """

    auc: float
    mean_probability: float
    moved_95: float
    decided_otherwise: float
    sensitivity: float
    specificity: float
    warned: float


def jpeg(quality: int) -> Spoil:
    def spoil(picture: Image.Image) -> Image.Image:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert("RGB")

    return spoil


def light(red: float, green: float, blue: float) -> Spoil:
    """Multiply the channels."""
    return lambda picture: _picture(np.asarray(picture) * np.array([red, green, blue]))


def gamma(exponent: float) -> Spoil:
    return lambda picture: _picture(255 * (np.asarray(picture) / 255) ** exponent)


def noise(deviation: float) -> Spoil:
    def spoil(picture: Image.Image) -> Image.Image:
        pixels = np.asarray(picture)
        return _picture(pixels + np.random.default_rng(0).normal(0, deviation, pixels.shape))

    return spoil


def shrunk(side: int) -> Spoil:
    return lambda picture: picture.resize((side, side), Image.Resampling.BOX)


def blurred(share: float) -> Spoil:
    """By a Gaussian whose standard deviation is a share of the width."""
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(share * picture.width))


def sharpened(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.UnsharpMask(picture.width / 112, percent=150, threshold=0))


def closer(share: float) -> Spoil:
    """Cut off a share of the side at each border."""

    def spoil(picture: Image.Image) -> Image.Image:
        x, y = round(share * picture.width), round(share * picture.height)
        return picture.crop((x, y, picture.width - x, picture.height - y))

    return spoil


def framed(share: float) -> Spoil:
    """Put a black frame around, a share of the width wide."""
    return lambda picture: ImageOps.expand(picture, round(share * picture.width), (0, 0, 0))


def hairy(picture: Image.Image) -> Image.Image:
    generator = np.random.default_rng(0)
    picture, side = picture.copy(), picture.width
    along = np.linspace(-side, side, 60)
    for _ in range(6):
        x, y = generator.uniform(0, side, 2)
        angle, bend = generator.uniform(0, np.pi), generator.uniform(-0.4, 0.4) / side
        across = bend * along**2
        points = np.stack(
            [
                x + along * np.cos(angle) - across * np.sin(angle),
                y + along * np.sin(angle) + across * np.cos(angle),
            ],
            axis=1,
        )
        ImageDraw.Draw(picture).line(list(map(tuple, points)), (25, 15, 10), width=max(1, side // 100))
    return picture


def with_ruler(picture: Image.Image) -> Image.Image:
    picture = picture.copy()
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    bottom = height - height // 50
    draw.line([(0, bottom), (width, bottom)], (20, 20, 20))
    for tick in range(41):
        x, length = tick * width // 40, height // (16 if tick % 5 == 0 else 28)
        draw.line([(x, bottom), (x, bottom - length)], (20, 20, 20))
    return picture


def with_pen(picture: Image.Image) -> Image.Image:
    """A surgeon's violet line around a third of the lesion."""
    picture, side = picture.copy(), picture.width
    box = [side // 20, side // 20, side - side // 20, side - side // 20]
    ImageDraw.Draw(picture).arc(box, 200, 330, (60, 40, 120), width=max(1, side // 40))
    return picture


def with_sticker(picture: Image.Image) -> Image.Image:
    """A blue disc in a corner, as on children's images."""
    picture, side = picture.copy(), picture.width
    ImageDraw.Draw(picture).ellipse(
        [-side // 7, side - side // 4, side // 4, side + side // 7], (60, 150, 220)
    )
    return picture


def with_dark_corners(picture: Image.Image) -> Image.Image:
    mask = Image.new("L", picture.size, 0)
    edge = picture.width // 28
    ImageDraw.Draw(mask).ellipse([-edge, -edge, picture.width + edge, picture.height + edge], 255)
    return Image.composite(picture, Image.new("RGB", picture.size), mask)


def with_glare(picture: Image.Image) -> Image.Image:
    """Six white reflections."""
    generator, mask, side = np.random.default_rng(1), Image.new("L", picture.size, 0), picture.width
    for _ in range(6):
        x, y = generator.uniform(0.1, 0.9, 2) * side
        radius = generator.uniform(0.015, 0.04) * side
        ImageDraw.Draw(mask).ellipse([x - radius, y - radius, x + radius, y + radius], 230)
    white = Image.new("RGB", picture.size, (255, 255, 255))
    return Image.composite(white, picture, mask.filter(ImageFilter.GaussianBlur(1)))


EVERYDAY: dict[str, Spoil] = {
    "mirrored": ImageOps.mirror,
    "turned by 90 degrees": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "JPEG quality 75": jpeg(75),
    "JPEG quality 50": jpeg(50),
    "112 px": shrunk(112),
    "blurred by 1 / 224 of the side": blurred(1 / 224),
    "darker: x 0.7": light(0.7, 0.7, 0.7),
    "brighter: x 1.2": light(1.2, 1.2, 1.2),
    "gamma 0.7": gamma(0.7),
    "gamma 1.4": gamma(1.4),
    "warm light: red x 1.1, blue x 0.85": light(1.1, 1, 0.85),
    "cold light: red x 0.85, blue x 1.1": light(0.85, 1, 1.1),
    "six hairs": hairy,
    "ruler": with_ruler,
    "pen marks": with_pen,
    "blue sticker": with_sticker,
    "dark corners": with_dark_corners,
    "reflections": with_glare,
    "a tenth cut off at each border": closer(0.1),
    "black frame of 0.15": framed(0.15),
}
"""What a photograph may well have gone through."""

HARSH: dict[str, Spoil] = {
    "JPEG quality 25": jpeg(25),
    "JPEG quality 10": jpeg(10),
    "64 px": shrunk(64),
    "blurred by 2 / 224 of the side": blurred(2 / 224),
    "sharpened by 150 %": sharpened,
    "noise of 10 grey levels": noise(10),
    "a fifth cut off at each border": closer(0.2),
}
"""What no photograph should have gone through."""


def scores(model: dermdistill.Model, pictures: list[Image.Image]) -> list[dermdistill.Prediction]:
    return [model.score(np.asarray(picture)) for picture in pictures]


def effect(
    model: dermdistill.Model,
    pictures: list[Image.Image],
    melanoma: np.ndarray,
    clean: list[dermdistill.Prediction],
) -> Effect:
    """Compare the answers to spoiled pictures ``pictures`` with those to the same pictures as they were."""
    spoiled = scores(model, pictures)
    before, after = (np.array([one.probability for one in each]) for each in (clean, spoiled))
    called_before, called = (
        np.array([one.decision == MELANOMA for one in each]) for each in (clean, spoiled)
    )
    return Effect(
        auc=auc(melanoma, after),
        mean_probability=float(after.mean()),
        moved_95=float(np.quantile(np.abs(after - before), 0.95)),
        decided_otherwise=float(np.mean(called != called_before)),
        sensitivity=float(called[melanoma].mean()),
        specificity=float((~called[~melanoma]).mean()),
        warned=float(np.mean([bool(one.warnings) for one in spoiled])),
    )


def _picture(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(pixels, 0, 255).round().astype(np.uint8))


def _table(records: list[Record]) -> list[dict[str, object]]:
    model = dermdistill.load()
    pictures = [Image.fromarray(record.image.decode()) for record in records]
    melanoma = np.array([record.is_melanoma for record in records])
    clean = scores(model, pictures)
    rows = []
    for name, spoil in {"as it is": lambda picture: picture, **EVERYDAY, **HARSH}.items():
        it = effect(model, [spoil(picture) for picture in pictures], melanoma, clean)
        rows.append(
            {
                "photograph": name,
                "auc": round(it.auc, 3),
                "mean_probability": round(it.mean_probability, 3),
                "p95_change": round(it.moved_95, 3),
                "other_decision_percent": round(100 * it.decided_otherwise, 1),
                "sensitivity": round(it.sensitivity, 2),
                "specificity": round(it.specificity, 2),
                "warned_percent": round(100 * it.warned),
            }
        )
    return rows


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="How far spoiled photographs move the shipped model's answers."
    )
    parser.add_argument("split", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    given = parser.parse_args()
    print(json.dumps({"changes": _table(images_of("val", given.split, *given.sources))}, indent=1))
