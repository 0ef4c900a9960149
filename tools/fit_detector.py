"""Fit the detector of the shipped model files anew, and measure it.

    python -m tools.fit_detector ../shared/splits/dermoscopy-2.csv ../shared/ham10000-full \
        ../shared/isic-archive --crops ../shared/ham10000 --other-pictures ../shared/clinical-photographs \
        --other-pictures build/package-pictures

Fitted on the training images of the split, with limits from its validation images. How many of the other
pictures are found is measured on those left out of the fit, five times a fifth of the patients and of the
packages; how many dermoscopic images are warned of, on the test images, and on those of another publication
(``--crops``, see ``benchmarks.two_archives``), which no detector saw. The files get the detector that was
fitted on all other pictures. ``docs/results/detector.json`` gets the figures.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import onnx
import typer
from numpy.typing import NDArray
from onnx import ModelProto
from scipy.stats import binomtest

from benchmarks.two_archives import CROPS, test_lesions
from dermdistill.config import load_recipe
from dermdistill.cores import default_workers
from dermdistill.export.detector import Detector
from dermdistill.export.detector_fit import FeatureFile, fit, limits
from dermdistill.export.graph import assemble, description_of, network_of
from dermdistill.export.other_pictures import drawn, framed_anew, read_pictures, views
from dermdistill.files import write_bytes, write_text
from dermdistill.inference.detector import DetectorLimits
from dermdistill.inference.inputs import Inputs
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import INT8_SUFFIX
from dermdistill.models.checkpoint import load_weights, save_weights
from dermdistill.pipeline.assigned import assign
from dermdistill.pipeline.export import DRAWN_FROM
from dermdistill.pipeline.prepare import DataOptions, decode, open_data
from dermdistill.records import SplitName

_FOLDS = 5
_RESULTS = Path("docs/results/detector.json")
_PATIENT = re.compile(r"PAT_(\d+)_")

Images = NDArray[np.uint8]
Floats = NDArray[np.float64]


def main(
    split: Path,
    data: list[Path],
    other_pictures: Annotated[list[Path], typer.Option(exists=True, file_okay=False)],
    crops: Annotated[Path, typer.Option(exists=True, file_okay=False)],
) -> None:
    """Fit, measure, and write the files anew."""
    size = description_of(onnx.load(SHIPPED), str(SHIPPED)).input.size
    dermoscopic = _Dermoscopic.read(split, data, size).with_crops(crops)
    others = [_Others.read(folder, size) for folder in other_pictures]
    figures = {}
    for path in sorted(SHIPPED.parent.glob("*.onnx")):
        model = onnx.load(path)
        described = description_of(model, str(path))
        network = network_of(model)
        seen = _Seen.by(network, described, dermoscopic, others)
        figures["int8" if path.name.endswith(INT8_SUFFIX) else "float"] = seen.left_out()
        detector, found = seen.fitted(keep=[np.ones(len(each.groups), dtype=bool) for each in others])
        described = replace(described, detector=found)
        write_bytes(path, assemble(network, described, detector).SerializeToString())
        if path == SHIPPED:
            weights = path.with_suffix(".safetensors")
            trained, info = load_weights(weights)
            save_weights(weights, trained, replace(info, detector=found))
    write_text(_RESULTS, json.dumps(figures, indent=1) + "\n")


@dataclass(frozen=True, slots=True)
class _Dermoscopic:
    """The images of the split, ``(N, S, S, 3)`` each; validation and test images by source."""

    train: Images
    val: dict[str, Images]
    test: dict[str, Images]

    @classmethod
    def read(cls, split: Path, data: Sequence[Path], size: int) -> "_Dermoscopic":
        recipe = load_recipe("student")
        dataset = open_data(DataOptions(tuple(map(str, data)), split), recipe.synthetic, size)
        assigned = assign(dataset, recipe)
        pixels = decode(dataset.records, size, workers=default_workers()).pixels
        names = sorted({record.source for record in dataset.records})

        def of(name: SplitName, source: str) -> Images:
            return pixels[[i for i in assigned.rows(name) if dataset.records[i].source == source]]

        return cls(
            pixels[assigned.rows("train")],
            {name: of("val", name) for name in names},
            {name: of("test", name) for name in names},
        )

    def with_crops(self, crops: Path) -> "_Dermoscopic":
        """With the test lesions of another publication among the test images."""
        records = test_lesions(crops)
        size = self.train.shape[1]
        return replace(
            self, test={**self.test, CROPS: decode(records, size, workers=default_workers()).pixels}
        )


@dataclass(frozen=True, slots=True)
class _Others:
    """A folder of pictures that are not dermoscopic, each with its patient or its package."""

    name: str
    pixels: Images
    groups: tuple[str, ...]

    @classmethod
    def read(cls, folder: Path, size: int) -> "_Others":
        paths = sorted(Path(name) for name in Inputs((str(folder),), recursive=True))
        groups = (match[1] if (match := _PATIENT.match(path.name)) else path.parent.name for path in paths)
        return cls(folder.name, read_pictures(paths, size), tuple(groups))

    def folds(self) -> NDArray[np.int64]:
        """Which fifth each picture belongs to; a patient or a package belongs to one."""
        names = np.random.default_rng(0).permutation(sorted(set(self.groups)))
        fold = {name: i % _FOLDS for i, name in enumerate(names)}
        return np.array([fold[group] for group in self.groups])


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a network's detector looks at, of all pictures; fits as ``pipeline.export`` does it.

    Attributes:
        last: see ``FeatureFile``.
        train, drawn, drawn_anew: ``(N, F)``.
        val, test: by source.
        views: of the pictures of each folder: the first view of all, then the next.
        others: the folders.
    """

    last: int
    train: Floats
    drawn: Floats
    drawn_anew: Floats
    val: dict[str, Floats]
    test: dict[str, Floats]
    views: list[Floats]
    others: Sequence[_Others]

    @classmethod
    def by(
        cls, network: ModelProto, info: ModelInfo, dermoscopic: _Dermoscopic, others: Sequence[_Others]
    ) -> "_Seen":
        looker = FeatureFile.of(network, info)
        assert looker is not None
        thinned = dermoscopic.train[:: max(len(dermoscopic.train) // DRAWN_FROM, 1)]
        return cls(
            last=looker.last,
            train=looker.features(framed_anew(dermoscopic.train)),
            drawn=looker.features(drawn(thinned)),
            drawn_anew=looker.features(drawn(thinned, seed=1)),
            val={name: looker.features(framed_anew(images)) for name, images in dermoscopic.val.items()},
            test={name: looker.features(images) for name, images in dermoscopic.test.items()},
            views=[looker.features(views(each.pixels)) for each in others],
            others=others,
        )

    def fitted(self, keep: Sequence[NDArray[np.bool_]]) -> tuple[Detector, DetectorLimits]:
        """Fitted on these pictures of each folder."""
        kinds = [table[np.resize(kept, len(table))] for table, kept in zip(self.views, keep, strict=True)]
        detector = fit(self.train, [self.drawn, *kinds], self.last)
        answers = {name: detector.answers(table) for name, table in self.val.items()}
        sources = [name for name, table in answers.items() for _ in table]
        return detector, limits(np.concatenate(list(answers.values())), sources)

    def left_out(self) -> list[dict[str, object]]:
        """Shares of pictures that are warned of: those left out of a fit, the rest by the first fit."""
        folds = [each.folds() for each in self.others]
        found: dict[str, list[NDArray[np.bool_]]] = {}
        for fold in range(_FOLDS):
            detector, found_limits = self.fitted([of != fold for of in folds])
            tables = {
                **{
                    each.name: table[: len(of)][of == fold]
                    for each, table, of in zip(self.others, self.views, folds, strict=True)
                },
                "drawn with another seed": self.drawn_anew,
                **{f"{name}, test images": table for name, table in self.test.items()},
            }
            for name, table in tables.items():
                found.setdefault(name, []).append(found_limits.exceeded(detector.answers(table)))
        left_out = {each.name for each in self.others}
        return [
            _share(name, np.concatenate(warned) if name in left_out else warned[0])
            for name, warned in found.items()
        ]


def _share(name: str, warned: NDArray[np.bool_]) -> dict[str, object]:
    interval = binomtest(int(warned.sum()), len(warned)).proportion_ci(method="wilson")
    return {
        "pictures": name,
        "count": len(warned),
        "warned": {
            "value": round(float(warned.mean()), 4),
            "low": round(float(interval.low), 4),
            "high": round(float(interval.high), 4),
        },
    }


if __name__ == "__main__":
    typer.run(main)
