"""What a teacher answers to the views of the training images: asked once, for all students."""

import numpy as np
import torch
from numpy.typing import NDArray

from dermdistill.data.views import Views
from dermdistill.files import replacing
from dermdistill.models.checkpoint import load_weights
from dermdistill.models.torch_predictor import TorchPredictor
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
        teacher = TorchPredictor(*load_weights(folder.weights), device)
        for index in bar(missing, label="The teacher answers", unit="view"):
            pixels = views.of(index, teacher.info.input.size)
            starts = range(0, len(pixels), _BATCH)
            logits = np.concatenate([teacher.logits(pixels[start : start + _BATCH]) for start in starts])
            with replacing(paths[index]) as temporary, temporary.open("wb") as file:
                np.save(file, logits)
    return np.stack([np.load(path) for path in paths])
