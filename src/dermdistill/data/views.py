"""Changed copies of the training images, made once and shared by all trainings of a recipe.

The n-th view of an image follows from n and the image's place among the training images alone. Networks of
several input sizes see the same view, each in its own size. Each view of all images, in each size, is one
``.npy`` file beside the decoded images; deleting the folder is always safe.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from dermdistill.config import AugmentRecipe
from dermdistill.cores import default_workers
from dermdistill.data.augment import Augment
from dermdistill.data.cache import Rows, check_space, decoded_path, default_cache_dir, opened
from dermdistill.data.decoding_processes import pool
from dermdistill.data.loader import LabelledPixels
from dermdistill.files import replacing
from dermdistill.progress import bar

_CHUNK = 64
_LOOK_EVERY = 0.5  # seconds
_VERSION = 1
"""Of all code that shapes a view."""


@dataclass(frozen=True, slots=True)
class Views:
    """The views of the training images, as every machine of a run can make or find them.

    Attributes:
        key: of the decoded images (``DecodedImages.key``).
        rows: ``(N,)`` rows of the training images among them.
        decoded_size: their side, pixels.
        recipe: how a view differs from the image; ``recipe.views`` is how many there are.
        sizes: input sizes of the networks that see them, pixels, at most ``decoded_size``.
    """

    key: str
    rows: NDArray[np.int64]
    decoded_size: int
    recipe: AugmentRecipe
    sizes: tuple[int, ...]

    def index(self, epoch: int) -> int:
        """Which view an epoch (from 1) shows; after the last view comes the first again."""
        return (epoch - 1) % self.recipe.views

    def of(self, index: int, size: int) -> NDArray[np.uint8]:
        """One view of all training images ``(N, S, S, 3)`` in one of the sizes, a read-only memory map.

        Whichever view is asked for first, all that are missing are made, with a progress bar on stderr.

        Raises:
            UserError: the folder cannot be written or has too little space.
        """
        if size not in self.sizes:
            raise ValueError(f"there are views of {self.sizes} pixels, not of {size}")
        while (found := self._opened(index, size)) is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # While another process makes the views, those that are finished can be used.
            with suppress(Timeout), FileLock(self._folder / ".lock", timeout=_LOOK_EVERY):
                self._make()
        return found

    def labelled(self, train: LabelledPixels, epoch: int, size: int) -> LabelledPixels:
        """The training images as an epoch shows them to a network of this input size."""
        return replace(train, pixels=self.of(self.index(epoch), size), rows=np.arange(len(train)))

    def _shape(self, size: int) -> tuple[int, int, int, int]:
        return len(self.rows), size, size, 3

    @property
    def _folder(self) -> Path:
        shaping = self.recipe.shaping()
        shaping.pop("views")
        content = [_VERSION, self.key, self.rows.tolist(), shaping]
        digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
        return default_cache_dir() / f"views-{self.decoded_size}px-{digest}"

    def _path(self, index: int, size: int) -> Path:
        smaller = "" if size == self.decoded_size else f"-{size}px"
        return self._folder / f"{index:03}{smaller}.npy"

    def _opened(self, index: int, size: int) -> NDArray[np.uint8] | None:
        return opened(self._path(index, size), self._shape(size))

    def _make(self) -> None:
        """Make all missing views, the first ones first."""
        missing = {
            index: sizes
            for index in range(self.recipe.views)
            if (sizes := tuple(size for size in self.sizes if self._opened(index, size) is None))
        }
        shapes = [self._shape(size) for sizes in missing.values() for size in sizes]
        check_space(self._folder, shapes, what="the views of the training images")
        workers = min(default_workers(), -(-len(self.rows) // _CHUNK))
        images = len(missing) * len(self.rows)
        with (
            bar(label="Changing images", unit="image", total=images) as shown,
            pool(workers) if workers > 1 else nullcontext() as processes,
        ):
            run = map if processes is None else processes.map
            for index, sizes in missing.items():
                with ExitStack() as files:
                    temporary = {
                        size: files.enter_context(replacing(self._path(index, size))) for size in sizes
                    }
                    targets = {size: Rows.create(path, self._shape(size)) for size, path in temporary.items()}
                    for count in run(_make, self._parts(index, targets)):
                        shown.update(count)

    def _parts(self, index: int, targets: Mapping[int, Rows]) -> Sequence["_Part"]:
        starts = range(0, len(self.rows), _CHUNK)
        source = decoded_path(self.key)
        return [
            _Part(source, self.rows[start : start + _CHUNK], self.recipe, index, start, targets)
            for start in starts
        ]


@dataclass(frozen=True, slots=True)
class _Part:
    """One view of consecutive training images: what a worker process is sent; the targets by their size."""

    source: Path
    rows: NDArray[np.int64]
    recipe: AugmentRecipe
    view: int
    first: int
    targets: Mapping[int, Rows]


def _make(part: _Part) -> int:
    """Write the part; returns how many images it has."""
    torch.set_num_threads(1)
    seed = int(np.random.SeedSequence([part.view, part.first]).generate_state(1)[0])
    draws = torch.Generator().manual_seed(seed)
    pixels = np.load(part.source, mmap_mode="r")[part.rows]
    seen = Augment(part.recipe).of_pixels(pixels, draws, *part.targets)
    for target, view in zip(part.targets.values(), seen, strict=True):
        target.write(part.first, view)
    return len(part.rows)
