import numpy as np
import torch

from dermdistill.data.images import InputSpec
from dermdistill.training.engine import normalise


def test_training_and_prediction_normalise_alike() -> None:
    spec = InputSpec(8, (0.1, 0.5, 0.7), (0.2, 0.3, 0.9))
    pixels = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), dtype=np.uint8)
    on_device = normalise(torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255, spec)
    assert np.allclose(on_device.numpy(), spec.normalise(pixels), atol=1e-6)
