"""How many repeat photographs and crops an audit finds, and how many of its pairs are of different lesions.

    python -m benchmarks.repeat_photographs HAM10000_FULL

compares all images with all others, as ``dermdistill audit`` does, and takes the lesion ids for the truth.
It prints, for near copies by perceptual hash and for each distance of the model's features: how many pairs
there are, which share of all pairs of one lesion is among them, and which share of the pairs is of different
lesions. A large share of different lesions says that a person must look at every pair. Then it cuts a share
off each side of 120 images, mirrors them, and prints how many are found again by each.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.audit.copies import SAME_LESION, copies
from dermdistill.audit.feature_distance import FeatureDistance
from dermdistill.audit.survey import Survey, survey
from dermdistill.cores import default_workers
from dermdistill.data.image_pairs import near_pairs
from dermdistill.data.perceptual_hash import SAME_PHOTOGRAPH, coefficients, nearest, signs, similar_pairs
from dermdistill.data.sources import read_sources
from dermdistill.inference.features import FeatureModel
from dermdistill.inference.model import model_file
from dermdistill.records import Pixels, Record

LIMITS = (0.10, 0.15, 0.20, SAME_LESION, 0.30, 0.35)
CUTS = (0.02, 0.05, 0.10, 0.15, 0.20)
CROPPED = 120


def repeats(records: Sequence[Record], measured: Survey, distance: FeatureDistance) -> None:
    """Print the table of pairs."""
    _, lesion, counts = np.unique(
        [record.lesion_id for record in records], return_inverse=True, return_counts=True
    )
    all_pairs = int((counts * (counts - 1) // 2).sum())
    print(f"{len(records)} images of {len(counts)} lesions; {all_pairs} pairs of one lesion")
    print(f"{'by':<28}{'pairs':>7}{'found':>10}{'false':>10}")

    def row(name: str, first: NDArray[np.int64], second: NDArray[np.int64]) -> None:
        same = int((lesion[first] == lesion[second]).sum())
        print(f"{name:<28}{len(first):>7}{same / all_pairs:>10.1%}{1 - same / max(1, len(first)):>10.1%}")

    by_hash = similar_pairs(measured.coefficients)
    row("perceptual hash", by_hash.first, by_hash.second)
    near = [each.images for each in copies(records, measured) if each.kind == "near-copy"]
    row("perceptual hash and features", *np.array(near, dtype=np.int64).reshape(-1, 2).T)
    pairs = near_pairs(distance.table, len(records), limit=max(LIMITS))
    for limit in LIMITS:
        within = pairs.take(pairs.distance <= limit)
        row(f"features to {limit:.2f}", within.first, within.second)


def crops(records: Sequence[Record], measured: Survey, model: FeatureModel) -> None:
    """Print how many crops are found again."""
    rows = np.random.default_rng(0).choice(len(records), CROPPED, replace=False)
    partners = len(records) + np.arange(CROPPED)
    for share in CUTS:
        cut = [cropped(records[row].image.decode(), share) for row in rows]
        looks = np.stack([model.look(pixels).features for pixels in cut])
        distance = FeatureDistance.of(np.concatenate([measured.features, looks]))
        assert distance is not None
        by_features = (distance.of_pairs(rows, partners) <= SAME_LESION).mean()
        hashes = signs(measured.coefficients)
        found = [
            nearest(coefficients(pixels)[None], hashes[[row]]).distance[0] <= SAME_PHOTOGRAPH
            for pixels, row in zip(cut, rows, strict=True)
        ]
        print(
            f"{share:.0%} cut off each side, mirrored: hash {np.mean(found):.0%}, features {by_features:.0%}"
        )


def cropped(pixels: Pixels, share: float) -> Pixels:
    """Without this share of each side, mirrored."""
    down, across = (round(side * share) for side in pixels.shape[:2])
    inner = pixels[down : pixels.shape[0] - down, across : pixels.shape[1] - across]
    return np.ascontiguousarray(inner[:, ::-1])


def main() -> None:
    """Print both for a data set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, help="images with lesion ids, such as the complete HAM10000")
    records = read_sources([parser.parse_args().data]).records
    model = FeatureModel.read(model_file(None))
    measured = survey(records, model, workers=default_workers(), progress=True)
    distance = FeatureDistance.of(measured.features)
    if distance is None:
        raise SystemExit("too few images")
    repeats(records, measured, distance)
    crops(records, measured, model)


if __name__ == "__main__":
    main()
