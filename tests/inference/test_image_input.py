"""One photograph has one answer, in whatever form it comes; what a file refuses, every form refuses."""

import gzip
import io
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import dermdistill
from dermdistill.data.images import read_image_bytes
from dermdistill.errors import UserError
from dermdistill.inference.image_input import ImageInput
from dermdistill.inference.model import Model
from tests.data.dicom_files import dataset, written

# Odd sides, and three times the network's input: it is halved, and which way up it is then matters.
PHOTOGRAPH = Image.fromarray(np.random.default_rng(0).integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(
    (119, 91), Image.Resampling.BICUBIC
)


@pytest.fixture(scope="module")
def model(model_file: Path) -> Model:
    return dermdistill.load(model_file)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def loaded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def in_every_form(content: bytes, path: Path, until: ExitStack) -> dict[str, ImageInput]:
    path.write_bytes(content)
    return {
        "path": path,
        "name": str(path),
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "stream": io.BytesIO(content),
        "file object": until.enter_context(path.open("rb")),
        "unbuffered file object": until.enter_context(path.open("rb", buffering=0)),
        "compressed stream": gzip.GzipFile(fileobj=io.BytesIO(gzip.compress(content))),
        "Pillow, from a file": until.enter_context(Image.open(path)),
        "Pillow, from a stream": Image.open(io.BytesIO(content)),
        "Pillow, loaded": loaded(content),
        "Pillow, copied": Image.open(io.BytesIO(content)).copy(),
        "pixels": read_image_bytes(content, "image").pixels,
    }


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def grey_16() -> Image.Image:
    return Image.fromarray(np.asarray(PHOTOGRAPH.convert("L")).astype(np.uint16) * 257)


FILES: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: encoded(PHOTOGRAPH, "JPEG"),
    **{
        f"JPEG, orientation {value}": lambda value=value: encoded(PHOTOGRAPH, "JPEG", exif=exif(value))  # type: ignore[misc]
        for value in range(2, 9)
    },
    "PNG, orientation 6": lambda: encoded(PHOTOGRAPH, "PNG", exif=exif(6)),
    "TIFF, orientation 8": lambda: encoded(PHOTOGRAPH, "TIFF", exif=exif(8)),
    "WebP, orientation 3": lambda: encoded(PHOTOGRAPH, "WEBP", exif=exif(3)),
    "JPEG, grey": lambda: encoded(PHOTOGRAPH.convert("L"), "JPEG"),
    "JPEG, CMYK": lambda: encoded(PHOTOGRAPH.convert("CMYK"), "JPEG"),
    "JPEG, progressive": lambda: encoded(PHOTOGRAPH, "JPEG", progressive=True),
    "JPEG with a second view": lambda: encoded(
        PHOTOGRAPH, "MPO", save_all=True, append_images=[PHOTOGRAPH.rotate(180)]
    ),
    "PNG, opaque": lambda: encoded(PHOTOGRAPH.convert("RGBA"), "PNG"),
    "PNG, grey and opaque": lambda: encoded(PHOTOGRAPH.convert("LA"), "PNG"),
    "PNG, palette": lambda: encoded(PHOTOGRAPH.quantize(64), "PNG"),
    "PNG, 16 bits": lambda: encoded(grey_16(), "PNG"),
    "PNG, one bit": lambda: encoded(PHOTOGRAPH.convert("1"), "PNG"),
    "TIFF, CMYK": lambda: encoded(PHOTOGRAPH.convert("CMYK"), "TIFF"),
    "GIF": lambda: encoded(PHOTOGRAPH, "GIF"),
    "BMP": lambda: encoded(PHOTOGRAPH, "BMP"),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_answer_is_the_same_in_every_form(model: Model, kind: str, tmp_path: Path) -> None:
    with ExitStack() as until:
        forms = in_every_form(FILES[kind](), tmp_path / "photograph", until)
        first, *others = model.predict(list(forms.values()))
        alone = {form: model.predict(image)[0].probability for form, image in forms.items()}
    assert set(alone.values()) == {first.probability, *(other.probability for other in others)}
    assert len(set(alone.values())) == 1, alone
    # Pixels alone do not say what they were: every other form has the same warnings, too.
    assert {answer.warnings for answer in others[:-1]} == {first.warnings}


def test_a_pillow_image_is_left_as_it_was(model: Model) -> None:
    image = loaded(encoded(PHOTOGRAPH, "JPEG", exif=exif(6)))
    model.predict(image)
    assert image.size == PHOTOGRAPH.size
    assert image.getexif()[0x0112] == 6


def test_arrays_as_they_lie_in_memory(model: Model) -> None:
    pixels = np.asarray(PHOTOGRAPH)
    for view in (pixels[::-1], pixels[:, ::-1, ::-1], np.rot90(pixels), np.asfortranarray(pixels)):
        assert model.predict(view) == model.predict(np.ascontiguousarray(view))


def test_a_smaller_draft_is_scored_as_such(model: Model) -> None:
    content = encoded(PHOTOGRAPH.resize((600, 450)), "JPEG")
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (100, 75))
    drafted = np.asarray(image.copy())
    assert drafted.shape[:2] < (450, 600)
    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (100, 75))
    assert model.predict(image)[0].probability == model.predict(drafted)[0].probability


def damaged_in_the_middle() -> bytes:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (91, 119, 3), dtype=np.uint8))
    content = bytearray(encoded(noise, "JPEG"))
    content[len(content) // 2 : len(content) // 2 + 4] = b"\xff\xd9\xff\xd9"
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (encoded(PHOTOGRAPH, "JPEG")[:-300], "damaged JPEG"),
        (damaged_in_the_middle(), "damaged JPEG"),
        (encoded(PHOTOGRAPH, "PNG")[:-5000], "damaged image"),
        (encoded(PHOTOGRAPH.convert("RGBA").rotate(20), "PNG"), "has transparent pixels"),
        (encoded(PHOTOGRAPH, "GIF", save_all=True, append_images=[PHOTOGRAPH.rotate(9)]), "several frames"),
        (encoded(Image.new("F", (30, 30)), "TIFF"), "pixels of kind 'F' are not supported"),
    ],
    ids=["cut", "middle", "png", "transparent", "frames", "floats"],
)
def test_what_a_file_refuses_every_form_refuses(
    model: Model, content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "lesion.jpg"
    path.write_bytes(content)
    with pytest.raises(UserError) as of_file:
        model.predict(path)
    assert message in str(of_file.value)
    with Image.open(path) as picture, path.open("rb") as file:
        for image in (picture, file):
            with pytest.raises(UserError) as caught:
                model.predict(image)
            assert str(caught.value) == str(of_file.value)
    nameless = io.BytesIO(content), Image.open(io.BytesIO(content)), content
    for answer, number in zip(model.predict(nameless, errors="return"), range(3), strict=True):
        assert str(answer) == str(of_file.value).replace(str(path), f"images[{number}]")


@pytest.mark.parametrize("mode", ["F", "I", "LAB", "La", "RGBa", "PA"])
def test_pillow_images_of_rare_kinds_are_scored_or_refused_in_one_line(model: Model, mode: str) -> None:
    (answer,) = model.predict(Image.new(mode, (30, 30)), errors="return")
    if isinstance(answer, UserError):
        assert str(answer).startswith("image: ")
        assert "\n" not in str(answer)
    else:
        assert answer.warnings


def test_a_closed_image_or_file(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(PHOTOGRAPH, "JPEG"))
    with Image.open(path) as image, path.open("rb") as file:
        pass
    for closed in (image, file):
        with pytest.raises(UserError, match=r"a\.jpg: "):
            model.predict(closed)


def test_a_file_opened_as_text(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(encoded(PHOTOGRAPH, "JPEG"))
    with path.open(encoding="latin-1") as file, pytest.raises(TypeError, match=r"gives text; open .* 'rb'"):
        model.predict(file)


def test_a_file_object_is_read_from_its_beginning(model: Model) -> None:
    stream = io.BytesIO()
    PHOTOGRAPH.save(stream, "JPEG")
    with tempfile.NamedTemporaryFile() as named, tempfile.SpooledTemporaryFile() as spooled:
        named.write(stream.getvalue())
        spooled.write(stream.getvalue())
        for file in (stream, named, spooled):
            assert file.tell() > 0
            assert model.predict(file) == model.predict(file) == model.predict(stream.getvalue())


def test_a_file_that_cannot_seek_is_read_from_where_it_is(model: Model) -> None:
    content = encoded(PHOTOGRAPH, "JPEG")
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe:
        with os.fdopen(writing, "wb") as into:
            into.write(content)
        assert model.predict(pipe) == model.predict(content)


def test_a_file_object_above_the_limit(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dermdistill.inference.image_input.MAX_FILE_BYTES", 1_000_000)
    with pytest.raises(UserError, match="image: above the limit of 1 MB for one image"):
        model.predict(io.BytesIO(bytes(1_000_001)))


def test_dicom_files_and_their_frames(model: Model) -> None:
    pixels = np.asarray(PHOTOGRAPH)
    content = written(dataset(pixels))
    assert model.predict([content, io.BytesIO(content)]) == model.predict([pixels, pixels])
    both = written(dataset(pixels, NumberOfFrames=2, PixelData=pixels.tobytes() + pixels[::-1].tobytes()))
    for number, frame in ((1, pixels), (2, pixels[::-1])):
        expected = model.predict(frame)[0]
        assert model.predict_file(both, frame=number) == expected
        assert model.predict_file(io.BytesIO(both), frame=number) == expected
    (refused,) = model.predict(both, errors="return")
    assert str(refused).startswith("image: holds 2 frames, each an image of its own")
