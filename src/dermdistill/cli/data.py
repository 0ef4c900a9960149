"""What ``dermdistill data`` says of single images; imports nothing of PyTorch."""

from dermdistill.cores import default_workers
from dermdistill.data.cache import default_cache_dir
from dermdistill.data.images import ImageFile
from dermdistill.data.unusable import undecodable, unusable
from dermdistill.records import DataSet


def check_images(dataset: DataSet, *, decode: bool, workers: int | None) -> None:
    """Refuse a data set with images that cannot be used, and name all of them.

    Args:
        dataset: its images are only read.
        decode: every image; otherwise only files that are missing or empty are found.
        workers: processes that decode; ``default_workers`` unless given.

    Raises:
        UserError: some images cannot be used.
    """
    images = [record.image for record in dataset.records]
    suspects = (
        images
        if decode
        else [image for image in images if isinstance(image, ImageFile) and not image.bytes_on_disk()]
    )
    failures = undecodable(suspects, workers=workers or default_workers(), progress=decode)
    if failures:
        raise unusable(failures, of=len(images), folder=default_cache_dir())
    if decode:
        print(f"all {len(images)} images can be decoded")
