import io
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.explain import Explanation, Occlusion, Views
from dermdistill.inference.explanation_picture import (
    PANEL,
    about_places,
    draw_explanation,
    is_our_picture,
    to_png,
)
from dermdistill.inference.importance_colours import FULL_COLOUR, LOWERS, RAISES, overlay
from dermdistill.inference.prediction import Prediction

WIDTH = 2 * PANEL + 72


def explanation(*warnings: str) -> Explanation:
    importance = np.zeros((64, 64))
    importance[8:24, 8:24] = FULL_COLOUR
    importance[40:56, 40:56] = -FULL_COLOUR / 2
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
        occlusion=Occlusion(importance, window=8, places=289, decisive=3),
        runs=315,
    )


def skin(width: int, height: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((height, width, 3), (220, 170, 150), dtype=np.uint8)


@pytest.mark.parametrize(
    ("width", "height"), [(600, 450), (450, 600), (30, 20), (3000, 3), (3, 3000), (1, 1)]
)
def test_photographs_of_every_shape_are_drawn_whole(width: int, height: int) -> None:
    picture = draw_explanation(explanation(), skin(width, height), "photo.jpg")

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
    one, other = (to_png(draw_explanation(explanation(), skin(60, 45), "photo.jpg")) for _ in range(2))

    assert one == other
    assert Image.open(io.BytesIO(one)).info == {"Software": "dermdistill explain"}
    assert str(Path.cwd()).encode() not in one


def test_pictures_of_this_program_are_known_again(tmp_path: Path) -> None:
    ours, photograph, text, pipe = (tmp_path / name for name in ("a.png", "b.png", "c.png", "pipe.png"))
    ours.write_bytes(to_png(Image.new("RGB", (8, 8))))
    Image.new("RGB", (8, 8)).save(photograph)
    text.write_text("Software dermdistill explain")
    os.mkfifo(pipe)

    known = [
        path.name
        for path in (*sorted(tmp_path.iterdir()), tmp_path, tmp_path / "none.png")
        if is_our_picture(path)
    ]

    assert known == ["a.png"]


def test_every_warning_has_a_line_of_its_own() -> None:
    without, with_two = (
        draw_explanation(explanation(*warnings), skin(60, 45), "photo.jpg").height
        for warnings in ((), ("blurred: less sharp than others", "small: 30 x 20 pixels"))
    )

    assert with_two > without + 2 * 16


def test_a_re_stated_p_is_said_to_be() -> None:
    plain, restated = (
        draw_explanation(explanation(), skin(60, 45), "photo.jpg", prevalence).tobytes()
        for prevalence in (None, 0.02)
    )

    assert plain != restated


def test_orange_raises_and_blue_lowers() -> None:
    importance = explanation().occlusion.importance
    grey = Image.new("RGB", (64, 64), (128, 128, 128))

    shown = np.asarray(overlay(grey, importance, step=4)).astype(int)

    raised, lowered, neither = shown[16, 16], shown[48, 48], shown[48, 16]
    assert np.abs(raised - RAISES).max() < 40
    assert raised[0] > raised[2] + 100
    assert lowered[2] > lowered[0] + 40
    assert np.abs(lowered - LOWERS).sum() > np.abs(raised - RAISES).sum(), "half the change, half the colour"
    assert neither.min() == neither.max()


def saturation(importance: float) -> int:
    """Of the map of an even grey photograph whose places are all of one importance."""
    grey = Image.new("RGB", (16, 16), (128, 128, 128))
    shown = np.asarray(overlay(grey, np.full((16, 16), importance), step=4)).astype(int)
    return int(np.ptp(shown, axis=2).max())


def test_the_colour_is_that_of_the_change_and_not_of_the_largest_change() -> None:
    """A map whose changes are all small is pale, however much smaller the others are."""
    levels = [saturation(share * FULL_COLOUR) for share in (0, 0.01, 0.1, 0.5, 1)]

    assert levels[0] == 0
    assert levels[1] <= 3
    assert levels == sorted(set(levels))
    assert levels[3] == pytest.approx(levels[4] / 2, abs=2)


@pytest.mark.parametrize("beyond", [1.01, 2, 50])
def test_the_colour_is_full_beyond_the_scale(beyond: float) -> None:
    for sign in (1, -1):
        assert saturation(sign * beyond * FULL_COLOUR) == saturation(sign * FULL_COLOUR)


def test_a_model_that_looks_nowhere_shows_grey() -> None:
    occlusion = replace(explanation().occlusion, importance=np.full((64, 64), 1e-4))

    pixels = np.asarray(
        draw_explanation(replace(explanation(), occlusion=occlusion), skin(60, 60), "photo.jpg")
    ).astype(int)

    inside_map = pixels[100:500, WIDTH // 2 + 20 : -40]
    assert np.ptp(inside_map, axis=2).max() <= 1


@pytest.mark.parametrize(
    ("decisive", "sentence"),
    [
        (
            0,
            "No single place explains this decision: it stays the same whichever of 289 places is hidden.",
        ),
        (1, "1 of 289 places changes this decision when hidden, each by itself."),
        (12, "12 of 289 places change this decision when hidden, each by itself."),
    ],
)
def test_a_sentence_says_whether_a_single_place_explains_the_decision(decisive: int, sentence: str) -> None:
    occlusion = replace(explanation().occlusion, decisive=decisive)

    assert about_places(occlusion) == sentence
    drawn = draw_explanation(replace(explanation(), occlusion=occlusion), skin(60, 45), "photo.jpg")
    assert (drawn.tobytes() == draw_explanation(explanation(), skin(60, 45), "photo.jpg").tobytes()) == (
        decisive == 3
    )


@pytest.mark.parametrize("name", ["", "a.jpg", "n" * 500, "\N{CJK UNIFIED IDEOGRAPH-76AE}" * 200])
def test_no_name_reaches_the_margins(name: str) -> None:
    pixels = np.asarray(draw_explanation(explanation("a warning that is long " * 12), skin(45, 60), name))

    assert (pixels[:, :20] == 255).all()
    assert (pixels[:, -20:] == 255).all()
