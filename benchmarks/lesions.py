"""What several photographs of a lesion are worth: one at random against the mean of the log-odds.

    python -m benchmarks.lesions HAM10000 SPLIT.csv -o docs/results/lesions.json

Of the test lesions with two or more photographs, scored by the packaged model: AUC and ECE of one photograph,
drawn by chance (the mean over the draws), of two, of three, and of all; with 95 % intervals by bootstrap over
lesions, and the differences to one photograph, paired: a resample is the same for all.
"""

import argparse
import csv
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dermdistill.cores import default_workers
from dermdistill.data.images import ImageFile
from dermdistill.data.sources import read_sources
from dermdistill.digits import rounded
from dermdistill.evaluation.intervals import CHANCE, bootstrap
from dermdistill.evaluation.metrics import Bools, Floats, Ranking
from dermdistill.evaluation.reliability import bin_gaps, mean_gaps
from dermdistill.files import write_text
from dermdistill.inference.lesions import mean_probability
from dermdistill.inference.model import load
from dermdistill.inference.stream import score_files
from dermdistill.records import Record

DRAWS = 50


def main() -> None:
    """Measure, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    with arguments.split.open(newline="") as handle:
        wanted = {row["image_id"] for row in csv.DictReader(handle) if row["split"] == "test"}
    records = [each for each in read_sources([arguments.data]).records if each.image_id in wanted]
    log_odds = scored(records)
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for i, record in enumerate(records):
        rows[record.lesion_id].append(i)
    content = []
    for at_least in (2, 3):
        lesions = [of for of in rows.values() if len(of) >= at_least]
        label = np.array([records[of[0]].is_melanoma for of in lesions])
        counts = [*range(1, at_least + 1), 0]
        content += compared(lesions, label, log_odds, counts, at_least)
    write_text(arguments.output, json.dumps(rounded({"lesions": content}), indent=1) + "\n")


def scored(records: list[Record]) -> Floats:
    """``ln(P / (1 - P))`` of each photograph, ``(N,)``, as `dermdistill predict` gives it."""
    paths = [str(record.image.path) for record in records if isinstance(record.image, ImageFile)]
    found = score_files(load(), paths, workers=default_workers())
    probability = np.array([mean_probability([each.prediction]) for each in found if each.prediction])
    result: Floats = np.log(probability) - np.log1p(-probability)
    return result


def compared(
    lesions: list[list[int]], label: Bools, log_odds: Floats, counts: list[int], at_least: int
) -> list[dict[str, object]]:
    """A row for each number of photographs; 0 stands for all of a lesion."""
    ids = [str(i) for i in range(len(lesions))]
    figures = {
        count: [Figures(label, probability) for probability in draws(lesions, log_odds, count)]
        for count in counts
    }

    def statistic(weights: Floats) -> dict[str, Floats]:
        result: dict[str, Floats] = {}
        for count, of in figures.items():
            each = [one(weights) for one in of]
            result |= {
                f"{count}/{name}": np.mean([values[name] for values in each], axis=0) for name in each[0]
            }
        for count in counts[1:]:
            for name in ("auc", "ece"):
                result[f"{count}/{name}_gain"] = result[f"{count}/{name}"] - result[f"1/{name}"]
        return result

    found = bootstrap(statistic, lambda _: "undefined", ids, label, replicates=1000, seed=0)
    return [
        {
            "at_least": at_least,
            "photographs": "all" if count == 0 else str(count),
            "lesions": len(lesions),
            "melanomas": int(label.sum()),
            **{
                name: found[f"{count}/{name}"].model_dump()
                for name in ("auc", "ece", "auc_gain", "ece_gain")
                if f"{count}/{name}" in found
            },
        }
        for count in counts
    ]


def draws(lesions: list[list[int]], log_odds: Floats, count: int) -> list[Floats]:
    """P(melanoma) of each lesion from so many of its photographs, once per draw; once where all are taken."""
    rng = np.random.default_rng(0)
    result = []
    for _ in range(DRAWS if count else 1):
        chosen: list[NDArray[np.int64]] = [
            rng.permutation(of)[:count] if count else np.array(of) for of in lesions
        ]
        means = np.array([log_odds[of].mean() for of in chosen])
        result.append(1 / (1 + np.exp(-means)))
    return result


class Figures:
    """AUC, sensitivity at 90 % specificity and ECE of one P(melanoma) per lesion.

    As functions of the lesions' weights ``(..., L)``.
    """

    def __init__(self, label: Bools, probability: Floats) -> None:
        self._ranking, self._gaps = Ranking.of(label, probability), bin_gaps(label, probability)
        self._unweighted = mean_gaps(self._gaps, np.ones(len(label)))

    def __call__(self, weights: Floats) -> dict[str, Floats]:
        gaps = mean_gaps(self._gaps, weights)
        counts = self._ranking.count(weights)
        return {
            "auc": counts.auc(),
            "sensitivity": counts.sensitivity_at_specificity(0.9),
            "ece": np.abs(gaps).sum(axis=-1),
            f"ece{CHANCE}": np.abs(gaps - self._unweighted).sum(axis=-1),
        }


if __name__ == "__main__":
    main()
