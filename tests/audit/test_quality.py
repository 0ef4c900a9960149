"""Damaged, blank, tiny, blurred and odd images; the miniature model knows skin-coloured ones of 24 px."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageFilter

from dermdistill.audit.quality import poor_images
from dermdistill.audit.survey import Survey
from dermdistill.inference.features import FeatureModel
from dermdistill.records import Pixels, Record
from tests.audit.conftest import Folder


def skin(seed: int = 0, *, size: int = 60) -> Pixels:
    rng = np.random.default_rng(seed)
    return (np.array([200, 150, 130]) + rng.normal(0, 20, (size, size, 1))).clip(0, 255).astype(np.uint8)


def test_each_poor_image_is_named_once_by_its_worst_fault(
    folder: Folder, features: FeatureModel, surveyed: Callable[[Sequence[Record]], Survey]
) -> None:
    folder.add("good", skin())
    faulty = {
        "unreadable": folder.add("bad.jpg", b"\xff\xd8\xff broken"),
        "blank": folder.add("blank", np.full((60, 60, 3), 150, dtype=np.uint8)),
        "tiny": folder.add("tiny", skin(size=20)),
        "blurred": folder.add("blurred", _blurred()),
        "not-dermoscopic": folder.add("green", _green()),
    }
    assert features.info.reference is not None
    strict = replace(features.info.reference, blurred=-10.0)
    found = poor_images(surveyed(folder.records), replace(features.info, reference=strict))
    assert {finding.kind: finding.images for finding in found} == {
        kind: (row,) for kind, row in faulty.items()
    }
    assert {finding.kind for finding in found if finding.leave_out} == {"unreadable", "blank"}
    assert next(each for each in found if each.kind == "tiny").detail.startswith("20 x 20 px")
    assert "bad.jpg" in found[0].detail


def test_a_missing_file_is_named_too(
    folder: Folder, features: FeatureModel, surveyed: Callable[[Sequence[Record]], Survey]
) -> None:
    folder.add("gone", skin())
    (folder.path / "gone.png").unlink()
    (found,) = poor_images(surveyed(folder.records), features.info)
    assert (found.kind, found.leave_out) == ("unreadable", (0,))
    assert "no such image file" in found.detail


def _blurred() -> Pixels:
    """Shades that rise slowly: contrast, but nothing sharp."""
    ramp = np.linspace(-15, 15, 300)[:, None, None] + np.array([200, 150, 130])
    image = Image.fromarray(np.broadcast_to(ramp, (300, 300, 3)).astype(np.uint8))
    return np.array(image.filter(ImageFilter.GaussianBlur(20)))


def _green() -> Pixels:
    return np.stack([skin()[..., 0] // 8, skin()[..., 0], skin()[..., 0] // 8], axis=2)
