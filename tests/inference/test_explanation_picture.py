import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.explain import Explanation, Views
from dermdistill.inference.explanation_picture import (
    LOWERS,
    PANEL,
    RAISES,
    draw,
    fit,
    overlay,
    to_png,
    wrapped,
)
from dermdistill.inference.model import Prediction

FONT = ImageFont.load_default(16)
WIDTH = 2 * PANEL + 72


def explanation(*warnings: str) -> Explanation:
    importance = np.zeros((64, 64))
    importance[8:24, 8:24] = 0.8
    importance[40:56, 40:56] = -0.4
    return Explanation(
        prediction=Prediction(
            probability=0.62,
            decision="melanoma",
            operating_point=OperatingPointUsed("sensitivity_0.90", 0.2, 0.91, 0.72),
            diagnoses={"melanoma": 0.62, "other": 0.38},
            warnings=warnings,
            model_id="dsnet 0123456789ab",
        ),
        views=Views((0.62, 0.5, 0.7), 3),
        importance=importance,
        window=8,
        runs=315,
    )


def skin(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), (220, 170, 150), dtype=np.uint8)


@pytest.mark.parametrize(
    ("width", "height"), [(600, 450), (450, 600), (30, 20), (3000, 3), (3, 3000), (1, 1)]
)
def test_photographs_of_every_shape_are_drawn_whole(width: int, height: int) -> None:
    picture = draw(explanation(), skin(width, height), "photo.jpg")

    pixels = np.asarray(picture)
    photograph = (pixels[:, : WIDTH // 2] == (220, 170, 150)).all(axis=2)
    assert picture.mode == "RGB"
    assert picture.width == WIDTH
    assert photograph.any(axis=0).sum() == max(1, round(PANEL * width / max(width, height)))
    assert photograph.any(axis=1).sum() == max(1, round(PANEL * height / max(width, height)))
    assert (pixels[:10] == 255).all()
    assert (pixels[-10:] == 255).all()
    assert (pixels[:, -10:] == 255).all()


def test_the_picture_is_the_same_every_time_and_tells_nothing_of_the_machine() -> None:
    one, other = (to_png(draw(explanation(), skin(60, 45), "photo.jpg")) for _ in range(2))

    assert one == other
    chunks = Image.open(io.BytesIO(one))
    assert chunks.info == {}
    assert str(Path.cwd()).encode() not in one


def test_every_warning_has_a_line_of_its_own() -> None:
    without, with_two = (
        draw(explanation(*warnings), skin(60, 45), "photo.jpg").height
        for warnings in ((), ("blurred: less sharp than others", "small: 30 x 20 pixels"))
    )

    assert with_two > without + 2 * 16


def test_a_re_stated_p_is_said_to_be() -> None:
    plain, restated = (
        draw(explanation(), skin(60, 45), "photo.jpg", prevalence).tobytes() for prevalence in (None, 0.02)
    )

    assert plain != restated


def test_orange_raises_and_blue_lowers() -> None:
    importance = explanation().importance
    grey = Image.new("RGB", (64, 64), (128, 128, 128))

    shown = np.asarray(overlay(grey, importance, step=4, scale=0.8)).astype(int)

    raised, lowered, neither = shown[16, 16], shown[48, 48], shown[48, 16]
    assert np.abs(raised - RAISES).max() < 40
    assert raised[0] > raised[2] + 100
    assert lowered[2] > lowered[0] + 40
    assert np.abs(lowered - LOWERS).sum() > np.abs(raised - RAISES).sum(), "half the change, half the colour"
    assert neither.min() == neither.max()


def test_a_model_that_looks_nowhere_shows_grey() -> None:
    still = replace(explanation(), importance=np.full((64, 64), 1e-4))

    pixels = np.asarray(draw(still, skin(60, 60), "photo.jpg")).astype(int)

    inside_map = pixels[100:500, WIDTH // 2 + 20 : -40]
    assert np.ptp(inside_map, axis=2).max() <= 1


@pytest.mark.parametrize("name", ["photo.jpg", "n" * 500 + ".jpg", "", "皮膚 " * 90])
def test_names_fit_their_line_and_keep_their_ends(name: str) -> None:
    cut = fit(name, FONT, 300)

    assert FONT.getlength(cut) <= 300
    assert cut == name or ("..." in cut and cut[:3] == name[:3] and cut[-3:] == name[-3:])


def test_wrapped_lines_fit_and_lose_no_word() -> None:
    text = "Called melanoma. Operating point sensitivity_0.90: melanoma from P = 0.2 on. " * 3

    lines = wrapped(text, FONT, 200)

    assert " ".join(lines).split() == text.split()
    assert max(FONT.getlength(line) for line in lines) <= 200
    assert all(FONT.getlength(line) <= 200 for line in wrapped("x" * 500, FONT, 200))
