"""Changed copies of the training images, made once and shared by all trainings of a recipe.

The n-th view of an image follows from n and the image's place among the training images alone. Each view of
all of them is one ``.npy`` file beside the decoded images; deleting the folder is always safe.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
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
        size: side of the views, that of the networks which see them. Views of several sizes differ in their
            pixels, and in what compression does to these, alone.
    """

    key: str
    rows: NDArray[np.int64]
    decoded_size: int
    recipe: AugmentRecipe
    size: int

    def index(self, epoch: int) -> int:
        """Which view an epoch (from 1) shows; after the last view comes the first again."""
        return (epoch - 1) % self.recipe.views

    def of(self, index: int) -> NDArray[np.uint8]:
        """One view of all training images ``(N, S, S, 3)``, a read-only memory map.

        Whichever view is asked for first, all that are missing are made, with a progress bar on stderr.

        Raises:
            UserError: the folder cannot be written or has too little space.
        """
        while (found := opened(self._path(index), self._shape)) is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            # While another process makes the views, those that are finished can be used.
            with suppress(Timeout), FileLock(self._folder / ".lock", timeout=_LOOK_EVERY):
                self._make()
        return found

    def labelled(self, train: LabelledPixels, epoch: int) -> LabelledPixels:
        """The training images as an epoch shows them."""
        return LabelledPixels(
            self.of(self.index(epoch)), np.arange(len(train)), train.labels, train.sources, train.balanced
        )

    @property
    def _shape(self) -> tuple[int, int, int, int]:
        return len(self.rows), self.size, self.size, 3

    @property
    def _folder(self) -> Path:
        shaping = self.recipe.shaping()
        shaping.pop("views")
        content = [_VERSION, self.key, self.rows.tolist(), shaping]
        if self.size != self.decoded_size:
            content.append(self.size)
        digest = hashlib.blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).hexdigest()
        return default_cache_dir() / f"views-{self.size}px-{digest}"

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:03}.npy"

    def _make(self) -> None:
        """Make all missing views, the first ones first."""
        every = range(self.recipe.views)
        missing = [i for i in every if opened(self._path(i), self._shape) is None]
        check_space(self._folder, self._shape, of=len(missing), what="the views of the training images")
        workers = min(default_workers(), -(-len(self.rows) // _CHUNK))
        images = len(missing) * len(self.rows)
        with (
            bar(label="Changing images", unit="image", total=images) as shown,
            pool(workers) if workers > 1 else nullcontext() as processes,
        ):
            run = map if processes is None else processes.map
            for index in missing:
                with replacing(self._path(index)) as temporary:
                    for count in run(_make, self._parts(index, Rows.create(temporary, self._shape))):
                        shown.update(count)

    def _parts(self, index: int, target: Rows) -> Sequence["_Part"]:
        starts = range(0, len(self.rows), _CHUNK)
        source = decoded_path(self.key)
        return [
            _Part(source, self.rows[start : start + _CHUNK], self.recipe, self.size, index, start, target)
            for start in starts
        ]


@dataclass(frozen=True, slots=True)
class _Part:
    """One view of consecutive training images: what a worker process is sent."""

    source: Path
    rows: NDArray[np.int64]
    recipe: AugmentRecipe
    size: int
    view: int
    first: int
    target: Rows


def _make(part: _Part) -> int:
    """Write the part; returns how many images it has."""
    torch.set_num_threads(1)
    seed = int(np.random.SeedSequence([part.view, part.first]).generate_state(1)[0])
    draws = torch.Generator().manual_seed(seed)
    pixels = np.load(part.source, mmap_mode="r")[part.rows]
    part.target.write(part.first, Augment(part.recipe).of_pixels(pixels, draws, part.size))
    return len(part.rows)
