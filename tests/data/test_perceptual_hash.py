import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy.fft import dctn

from dermdistill.data.perceptual_hash import (
    BITS,
    SAME_BY_SHORT_HASH,
    SAME_PHOTOGRAPH,
    SHORT_BITS,
    coefficients,
    from_hex,
    has_hash,
    nearest,
    orientations,
    signs,
    similar_pairs,
    to_hex,
)
from dermdistill.data.sources import synthetic

Change = Callable[[Image.Image], Image.Image]


def smooth(seed: int, width: int = 240, height: int = 180) -> Image.Image:
    """A picture with structure of all sizes, as photographs have."""
    rng = np.random.default_rng(seed)
    layers = [
        np.asarray(
            Image.fromarray(rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)).resize(
                (width, height), Image.Resampling.BICUBIC
            ),
            dtype=np.float64,
        )
        for cells in (4, 8, 12)
    ]
    return Image.fromarray(np.mean(layers, axis=0).astype(np.uint8))


def hashed(*pictures: Image.Image) -> np.ndarray:
    return np.stack([coefficients(np.asarray(picture)) for picture in pictures])


def saved(picture: Image.Image, kind: str, **options: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return Image.open(buffer).convert("RGB")


KNOWN = [smooth(seed) for seed in range(30)]
WHOLE = signs(hashed(*KNOWN))
CHANGES: dict[str, Change] = {
    "the same": lambda picture: picture,
    "JPEG 95": lambda picture: saved(picture, "JPEG", quality=95),
    "JPEG 30": lambda picture: saved(picture, "JPEG", quality=30),
    "WebP 50": lambda picture: saved(picture, "WEBP", quality=50),
    "smaller": lambda picture: picture.resize((128, 96), Image.Resampling.LANCZOS),
    "larger": lambda picture: picture.resize((1024, 768), Image.Resampling.BICUBIC),
    "stretched to a square": lambda picture: picture.resize((224, 224), Image.Resampling.BILINEAR),
    "cut to a square": lambda picture: picture.crop((30, 0, 210, 180)),
    "mirrored": ImageOps.mirror,
    "upside down": ImageOps.flip,
    "quarter turn": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "three quarter turns": lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    "transposed": lambda picture: picture.transpose(Image.Transpose.TRANSPOSE),
    "turned, cut, small, compressed": lambda picture: saved(
        picture.rotate(180).crop((30, 0, 210, 180)).resize((100, 100)), "JPEG", quality=60
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize(
    ("known", "limit"), [(WHOLE, SAME_PHOTOGRAPH), (WHOLE[:, :SHORT_BITS], SAME_BY_SHORT_HASH)]
)
def test_a_photograph_that_was_saved_again_is_recognised(
    change: Change, known: np.ndarray, limit: float
) -> None:
    found = nearest(hashed(*map(change, KNOWN[:10])), known)
    recognised = (found.distance <= limit) & (found.index == np.arange(10))
    assert recognised.mean() >= 0.9


def test_a_frame_is_recognised_by_its_centre_square_and_the_other_way_round() -> None:
    squares = [picture.crop((30, 0, 210, 180)) for picture in KNOWN]
    stretched = [picture.resize((200, 200)) for picture in KNOWN]
    for remembered, asked in ((squares, KNOWN), (KNOWN, squares), (stretched, KNOWN), (squares, stretched)):
        found = nearest(hashed(*asked), signs(hashed(*remembered)))
        assert np.array_equal(found.index, np.arange(30))
        assert (found.distance <= SAME_PHOTOGRAPH).mean() >= 0.9


def test_other_pictures_are_far() -> None:
    others = nearest(hashed(*(smooth(seed) for seed in range(100, 200))), WHOLE)
    assert others.distance.min() > 5 * SAME_PHOTOGRAPH


def test_coefficients_against_scipy() -> None:
    """A picture of 32 x 32 px is transformed as it is."""
    grey = np.random.default_rng(0).integers(0, 256, (32, 32), dtype=np.uint8)
    expected = dctn(grey.astype(float), norm="ortho")
    found = coefficients(np.repeat(grey[:, :, None], 3, axis=2))[0]
    assert found[:5] == pytest.approx(
        [expected[i] for i in [(0, 1), (1, 0), (0, 2), (1, 1), (2, 0)]], rel=1e-4
    )
    assert found[SHORT_BITS - 1] == pytest.approx(expected[9, 0], rel=1e-4, abs=1e-3)
    assert found[BITS - 1] == pytest.approx(expected[12, 0], rel=1e-4, abs=1e-3)


def test_distance_by_hand() -> None:
    """Magnitudes 1, 2 and 7 of 10; the hash differs in the second: 2 / 10 in the image's own orientation."""
    image = np.zeros((1, 2, BITS), dtype=np.float32)
    image[0, 0, [5, 9, 14]] = 1, -2, 7  # (0, 3), (0, 4), (0, 5): only mirroring and transposing touch them
    remembered = np.ones((1, BITS), dtype=bool)
    assert nearest(image, remembered).distance[0] == pytest.approx(0.2)


def test_orientations_are_those_of_the_turned_picture() -> None:
    picture = np.asarray(smooth(3, 180, 180))
    turned = [np.rot90(mirrored, k) for mirrored in (picture, picture[:, ::-1]) for k in range(4)]
    expected = {tuple(signs(coefficients(np.ascontiguousarray(each))[None])[0]) for each in turned}
    found = {tuple(each[0]) for each in orientations(signs(coefficients(picture)[None]))}
    assert len(found) == 8
    differences = np.array([[np.sum(np.array(x) != y) for y in expected] for x in found])
    # A coefficient of nearly nothing may round to the other sign; of other orientations half the bits differ.
    assert np.array_equal((differences <= 4).sum(axis=0), np.ones(8))
    assert np.array_equal((differences <= 4).sum(axis=1), np.ones(8))


def test_many_images_are_searched_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = hashed(*KNOWN)
    at_once = nearest(asked, WHOLE)
    monkeypatch.setattr("dermdistill.data.perceptual_hash._BLOCK_BYTES", 4 * len(WHOLE) * 7)
    in_blocks = nearest(asked, WHOLE)
    assert np.array_equal(in_blocks.index, at_once.index)
    np.testing.assert_allclose(in_blocks.distance, at_once.distance, atol=1e-6)


BLANKS = {
    "black": np.zeros((50, 60, 3), dtype=np.uint8),
    "white": np.full((50, 60, 3), 255, dtype=np.uint8),
    "skin": np.full((450, 600, 3), (220, 170, 150), dtype=np.uint8),
    "one pixel": np.full((1, 1, 3), 7, dtype=np.uint8),
    "a line": np.zeros((1, 3000, 3), dtype=np.uint8),
    "a smooth ramp": np.repeat(np.linspace(100, 120, 64)[None, :, None], 64, 0).repeat(3, 2).astype(np.uint8),
    "faint noise": np.random.default_rng(0).integers(100, 102, (64, 64, 3), dtype=np.uint8),
}


@pytest.mark.parametrize("pixels", BLANKS.values(), ids=BLANKS.keys())
def test_an_image_that_shows_nothing_is_like_no_other(pixels: np.ndarray) -> None:
    found = coefficients(pixels)[None]
    assert not has_hash(found)[0]
    assert to_hex(found) == [""]
    assert nearest(found, signs(np.concatenate([found, hashed(KNOWN[0])]))).distance[0] == np.inf


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (3, 2), (31, 33), (127, 129), (2000, 20)])
def test_any_size_is_hashed(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert np.isfinite(coefficients(pixels)).all()


def test_large_photographs_are_hashed_as_small_ones() -> None:
    picture = smooth(1, 640, 480)
    large = picture.resize((2600, 1950), Image.Resampling.BICUBIC)
    assert nearest(hashed(large), signs(hashed(picture))).distance[0] < SAME_BY_SHORT_HASH


def test_hexadecimal_digits_keep_every_bit() -> None:
    found = hashed(*KNOWN)
    assert {len(digits) for digits in to_hex(found)} == {24}
    assert np.array_equal(from_hex(to_hex(found)), signs(found))
    assert from_hex([]).shape == (0, BITS)


@pytest.mark.parametrize("digits", ["0", "xy" * 12])
def test_wrong_digits(digits: str) -> None:
    with pytest.raises(ValueError, match=r"hexadecimal|reshape"):
        from_hex([digits])


def test_drawn_lesions_differ() -> None:
    pictures = [
        Image.fromarray(r.image.decode()) for r in synthetic.read(12, size=64, difficulty=0.5, seed=1).records
    ]
    found = hashed(*pictures)
    at = nearest(found, signs(found))
    assert np.array_equal(at.index, np.arange(len(pictures)))


def test_similar_pairs_are_those_that_nearest_finds() -> None:
    rng = np.random.default_rng(0)
    images = [
        np.array(Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((80, 60)))
        for _ in range(6)
    ]
    smaller = np.array(Image.fromarray(images[4]).resize((40, 30)))
    images += [images[2][:, ::-1], smaller, np.full((60, 80, 3), 200, dtype=np.uint8)]
    of_images = np.stack([coefficients(each) for each in images])
    found = similar_pairs(of_images)
    assert {(one, other) for one, other, _ in found.as_tuples()} == {(2, 6), (4, 7)}
    for one, other, distance in found.as_tuples():
        either = [
            nearest(of_images[[a]], signs(of_images[[b]])).distance[0]
            for a, b in ((one, other), (other, one))
        ]
        assert distance == pytest.approx(min(either), abs=1e-6)
