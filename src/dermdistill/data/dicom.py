"""DICOM photographs: every frame is an image, and nothing else of the file leaves here."""

from dermdistill.data.decoding.dicom_elements import HEADER_START
from dermdistill.data.decoding.dicom_header import read_header
from dermdistill.data.decoding.dicom_pixels import decode_frame
from dermdistill.data.decoding.limits import Colours, Decoded
from dermdistill.errors import UserError

_COLOURS: dict[str, Colours] = {
    "MONOCHROME1": "greyscale",
    "MONOCHROME2": "greyscale",
    "PALETTE COLOR": "palette",
}


class SeveralFramesError(UserError):
    """A DICOM file of several images, where one was expected.

    Attributes:
        frames: how many there are.
    """

    def __init__(self, message: str, frames: int) -> None:
        super().__init__(message)
        self.frames = frames

    def __reduce__(self) -> tuple[type["SeveralFramesError"], tuple[str, int]]:
        return type(self), (str(self), self.frames)


def is_dicom(content: bytes) -> bool:
    """Whether it is a DICOM file, by the mark behind the preamble (which may hold anything, a TIFF too)."""
    return content[HEADER_START - 4 : HEADER_START] == b"DICM"


def decode_dicom(content: bytes, name: str, *, frame: int | None = None) -> Decoded:
    """Decode one frame of a DICOM photograph.

    Plain, deflated, RLE, JPEG (lossy and lossless, 8 bits) and JPEG 2000. A greyscale image is
    shown through its window if it has one, otherwise its stored bits become 0..255. Overlays and colour
    profiles are left alone. Messages hold nothing of the file's texts.

    Args:
        content: the file.
        name: leads the message of an error.
        frame: counted from 1; a file of one frame needs none.

    Raises:
        SeveralFramesError: it holds several, and ``frame`` is not given.
        UserError: it holds no photographs, or is damaged, too large or of an unsupported kind; no such frame.
    """
    header = read_header(content, name)
    frames = len(header.frames)
    if frame is None and frames > 1:
        raise SeveralFramesError(
            f"{name}: holds {frames} frames, each an image of its own; name one, or export it alone", frames
        )
    number = 1 if frame is None else frame
    if not 1 <= number <= frames:
        raise UserError(f"{name}: has no frame {number}; it holds {frames}")
    pixels = decode_frame(header, number - 1, name)
    return Decoded(pixels, header.columns, header.rows, _COLOURS.get(header.photometric, "RGB"))
