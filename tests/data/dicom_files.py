"""DICOM files for the tests, written by pydicom."""

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

PATIENT = "Geheim^Name"
DERMOSCOPY = uid.UID("1.2.840.10008.5.1.4.1.1.77.1.7")


def picture(height: int = 20, width: int = 30) -> NDArray[np.uint8]:
    """Smooth colours, with detail in every channel."""
    y, x = np.mgrid[0:height, 0:width]
    channels = (x * 255 // (width - 1), y * 255 // (height - 1), 128 + 60 * np.sin(x / 5) * np.cos(y / 4))
    return np.stack(channels, axis=-1).astype(np.uint8)


def dataset(pixels: NDArray[Any], photometric: str = "RGB", **changes: Any) -> Dataset:
    """A dermoscopic photograph of these samples, ``(H, W)`` or ``(H, W, 3)``; changes override elements."""
    ds = Dataset()
    ds.PatientName, ds.PatientID = PATIENT, "4711-geheim"
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = DERMOSCOPY, "1.2.3", "DMS"
    ds.SamplesPerPixel = 1 if pixels.ndim == 2 else 3
    ds.PhotometricInterpretation = photometric
    if pixels.ndim == 3:
        ds.PlanarConfiguration = 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated = ds.BitsStored = pixels.itemsize * 8
    ds.HighBit = ds.BitsStored - 1
    ds.PixelRepresentation = int(pixels.dtype.kind == "i")
    ds.PixelData = pixels.tobytes()
    for keyword, value in changes.items():
        if value is None:
            delattr(ds, keyword)
        else:
            setattr(ds, keyword, value)
    return ds


def written(ds: Dataset, syntax: str = uid.ExplicitVRLittleEndian) -> bytes:
    """The bytes of the file."""
    of = uid.UID(syntax)
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = of
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = DERMOSCOPY, DERMOSCOPY
    if "PixelData" in ds:
        ds["PixelData"].VR = "OB" if of.is_compressed or ds.BitsAllocated == 8 else "OW"
        ds["PixelData"].is_undefined_length = of.is_encapsulated
    stream = io.BytesIO()
    ds.save_as(
        stream,
        enforce_file_format=True,
        implicit_vr=of.is_implicit_VR,
        little_endian=of.is_little_endian,
    )
    return stream.getvalue()


def compressed(ds: Dataset, frames: list[bytes], syntax: str, **options: Any) -> bytes:
    """A file whose pixels are these streams."""
    ds.PixelData = encapsulate(frames, **options)
    return written(ds, syntax)


def image_stream(kind: str, **options: Any) -> Callable[[NDArray[Any]], bytes]:
    """An encoder of Pillow's."""

    def encode(pixels: NDArray[Any]) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, kind, **options)
        return stream.getvalue()

    return encode


def rle_stream(pixels: NDArray[Any]) -> bytes:
    """RLE by literal runs and repeats, a segment a byte of each sample, each row on its own."""
    planes = np.moveaxis(np.atleast_3d(pixels), 2, 0)
    segments = [
        b"".join(_packed(row.tobytes()[low :: pixels.itemsize]) for row in np.ascontiguousarray(plane))
        for plane in planes
        for low in reversed(range(pixels.itemsize))
    ]
    padded = [segment + b"\x00" * (len(segment) % 2) for segment in segments]
    starts = [64 + sum(map(len, padded[:index])) for index in range(len(padded))]
    return struct.pack("<16I", len(padded), *starts, *[0] * (15 - len(padded))) + b"".join(padded)


def _packed(row: bytes) -> bytes:
    result, position = b"", 0
    while position < len(row):
        run = 1
        while position + run < len(row) and row[position + run] == row[position] and run < 128:
            run += 1
        result += bytes([257 - run, row[position]]) if run > 1 else bytes([0, row[position]])
        position += run
    return result
