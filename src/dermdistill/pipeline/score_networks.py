"""Score the images of an evaluation with networks of PyTorch."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from dermdistill.data.skin_tone import typology_angle
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.predictor import predict_in_batches
from dermdistill.models.torch_predictor import open_predictor
from dermdistill.pipeline.environment import choose_device
from dermdistill.pipeline.prepare import coefficients_of, decode
from dermdistill.pipeline.scored import ScoredImages, cells
from dermdistill.records import Record


class NetworkScorer:
    """Networks of PyTorch (see ``scored.Scorer``).

    Args:
        weights: file of each, by name.
        device: where they run, as of ``--device``.
        workers: processes that decode, and threads.

    Raises:
        UserError: not weights of this program, or no such device.
    """

    def __init__(self, weights: Mapping[str, Path], *, device: str, workers: int) -> None:
        torch.set_num_threads(workers)
        chosen = choose_device(device)
        self._workers = workers
        self._predictors = {name: open_predictor(path, chosen) for name, path in weights.items()}

    @property
    def infos(self) -> dict[str, ModelInfo]:
        """Of each network, by name."""
        return {name: predictor.info for name, predictor in self._predictors.items()}

    def score(self, records: Sequence[Record], *, synthetic: bool) -> ScoredImages:
        """Score the images, decoded once for each input size; raises UserError where some cannot be read."""
        sizes = sorted({info.input.size for info in self.infos.values()})
        images = {size: decode(records, size, workers=self._workers) for size in sizes}
        smallest = images[sizes[0]]
        every = np.arange(len(records))
        angles = () if synthetic else cells([typology_angle(pixels) for pixels in smallest.pixels])
        return ScoredImages(
            rows=every,
            contents=smallest.contents,
            coefficients=coefficients_of(
                records, smallest.contents, synthetic=synthetic, workers=self._workers
            ),
            details={"typology_angle": angles} if angles else {},
            probabilities={
                name: predict_in_batches(
                    predictor, images[predictor.info.input.size].pixels, every, progress=name
                )
                for name, predictor in self._predictors.items()
            },
        )
