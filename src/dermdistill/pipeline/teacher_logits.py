"""What a teacher answers to the views of the training images: asked once, for all students."""

from collections.abc import Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from dermdistill.data.images import InputSpec
from dermdistill.data.views import Views
from dermdistill.distillation.teacher import FrozenTeacher
from dermdistill.files import replacing
from dermdistill.models.checkpoint import load_weights
from dermdistill.progress import bar
from dermdistill.runs import ModelFolder

_BATCH = 128


def logits_of_views(folder: ModelFolder, views: Views, device: torch.device) -> NDArray[np.float32]:
    """The logits ``(V, N, C)`` of the teacher in a folder; each view's are kept there once they are known.

    Raises:
        UserError: see ``Views.of``; the folder cannot be written.
    """
    paths = [folder.view_logits(index) for index in range(views.recipe.views)]
    missing = [index for index, path in enumerate(paths) if not path.exists()]
    if missing:
        network, info = load_weights(folder.weights)
        teacher = FrozenTeacher(network).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        for index in bar(missing, label="The teacher answers", unit="view"):
            logits = _answers(teacher, info.input, views.of(index), device)
            with replacing(paths[index]) as temporary, temporary.open("wb") as file:
                np.save(file, logits)
    return np.stack([np.load(path) for path in paths])


def _answers(
    teacher: nn.Module, spec: InputSpec, pixels: NDArray[np.uint8], device: torch.device
) -> NDArray[np.float32]:
    """Logits ``(N, C)`` of images ``(N, S, S, 3)``."""
    return np.concatenate([_of_batch(teacher, spec, batch, device) for batch in _batches(pixels)])


def _batches(pixels: NDArray[np.uint8]) -> Iterable[NDArray[np.uint8]]:
    return (pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH))


def _of_batch(
    teacher: nn.Module, spec: InputSpec, pixels: NDArray[np.uint8], device: torch.device
) -> NDArray[np.float32]:
    images = torch.from_numpy(spec.normalise(pixels)).to(device)
    logits: NDArray[np.float32] = teacher(images.contiguous(memory_format=torch.channels_last)).cpu().numpy()
    return logits
