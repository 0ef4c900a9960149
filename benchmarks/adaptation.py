"""How well an adaptation keeps its promises, and what it gains, on real photographs of other clinics.

    python -m benchmarks.adaptation ISIC_ARCHIVE SPLIT.csv -o docs/results/adaptation.json

The packaged model is adapted to photographs drawn from the archive's training images, as `dermdistill adapt`
does it, and judged on two sets: the training images that were not drawn (the population that the promise is
for) and the official test set (another one). Of every number of photographs, over all draws:

- `covered_rest`, `covered_test`: share of the promised thresholds whose sensitivity there is as promised;
- sensitivity, specificity, AUC and ECE there, before and after;
- `off_...`: figures of nested cross-validation less those there, mean and standard deviation;
- the AUC of last steps that are drawn towards the present one, or begin anew, by penalty.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np

from dermdistill.adaptation.adaptation import open_model
from dermdistill.adaptation.fit import FOLDS, adapt
from dermdistill.adaptation.last_step import CANDIDATES, LastStep
from dermdistill.adaptation.nested import cross_validate
from dermdistill.adaptation.roles import assign_roles
from dermdistill.adaptation.sample import Rows, Sample
from dermdistill.adaptation.scoring import score
from dermdistill.cores import default_workers
from dermdistill.data.sources import read_sources
from dermdistill.digits import rounded
from dermdistill.evaluation.logistic import fit_logistic, smoothed
from dermdistill.evaluation.metrics import Floats, auc
from dermdistill.evaluation.reliability import ece
from dermdistill.files import write_text
from dermdistill.inference.decision import point_of
from dermdistill.inference.model import SHIPPED

PHOTOGRAPHS = (50, 100, 200, 400)
SENSITIVITIES = (0.80, 0.90)
PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


def main() -> None:
    """Measure, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--draws-of-last-steps", type=int, default=40)
    arguments = parser.parse_args()
    train, test, threshold = scored(arguments.archive, arguments.split)
    content = {
        "adaptations": [
            adaptations(train, test, threshold, images, wanted, arguments.draws)
            for wanted in SENSITIVITIES
            for images in PHOTOGRAPHS
        ],
        "last_steps": [
            row for images in PHOTOGRAPHS for row in last_steps(train, images, arguments.draws_of_last_steps)
        ],
    }
    write_text(arguments.output, json.dumps(rounded(content), indent=1) + "\n")


class Judge:
    """A set of photographs that adaptations are judged on, with the packaged model's own answers."""

    def __init__(self, sample: Sample, probability: Floats) -> None:
        self.sample, self.probability = sample, probability

    def take(self, rows: Rows) -> "Judge":
        """These photographs."""
        return Judge(self.sample.take(rows), self.probability[rows])

    def figures(self, probability: Floats, threshold: float) -> dict[str, float]:
        """AUC, ECE, sensitivity and specificity of P(melanoma) ``(N,)``."""
        label = self.sample.label
        return {
            "auc": auc(label, probability),
            "ece": ece(label, probability),
            "sensitivity": float((probability >= threshold)[label].mean()),
            "specificity": float((probability < threshold)[~label].mean()),
        }


def scored(archive: Path, split: Path) -> tuple[Judge, Judge, float]:
    """The archive's training and test images, and the packaged model's threshold."""
    with split.open(newline="") as handle:
        split_of = {row["image_id"]: row["split"] for row in csv.DictReader(handle)}
    records = read_sources([archive]).records
    model = open_model(SHIPPED)
    photographs = score(records, model, workers=default_workers())
    parts = [
        np.flatnonzero([split_of.get(record.image_id) == name for record in records])
        for name in ("train", "test")
    ]
    whole = Judge(photographs.sample, photographs.probability)
    threshold = point_of(model.plain.info, None, "the packaged model").threshold
    return whole.take(parts[0]), whole.take(parts[1]), threshold


def adaptations(
    train: Judge, test: Judge, threshold: float, images: int, wanted: float, draws: int
) -> dict[str, object]:
    """What became of adaptations to so many photographs, over all draws."""
    rows = [row for seed in range(draws) if (row := one(train, test, threshold, images, wanted, seed))]
    table = {name: np.array([row[name] for row in rows], dtype=float) for name in rows[0]}
    promised = table.pop("promised") > 0
    summary: dict[str, object] = {
        "photographs": images,
        "wanted": wanted,
        "draws": draws,
        "too_few": draws - len(rows),
        "promised": int(promised.sum()),
    }
    for where in ("rest", "test"):
        reached = table[f"after_{where}_sensitivity"][promised] >= wanted
        summary[f"covered_{where}"] = float(reached.mean()) if promised.any() else None
    for name, values in table.items():
        summary[name] = float(values.mean())
        summary[f"{name}_sd"] = float(values.std(ddof=1))
    return summary


def one(
    train: Judge, test: Judge, threshold: float, images: int, wanted: float, seed: int
) -> dict[str, float]:
    """One draw; empty where it holds too few melanomas to be adapted to."""
    drawn = np.random.default_rng(seed).permutation(len(train.sample))
    local, rest = train.sample.take(drawn[:images]), train.take(drawn[images:])
    if min(local.label.sum(), (~local.label).sum()) < FOLDS:
        return {}
    roles = assign_roles(local, wanted, seed)
    adapted = adapt(local, roles, seed)
    nested = cross_validate(local, roles, seed)
    estimate = {
        "auc": auc(local.label, nested.probability),
        "ece": ece(local.label, nested.probability),
        "sensitivity": float(nested.flagged[local.label].mean()),
        "specificity": float((~nested.flagged)[~local.label].mean()),
    }
    row = {"promised": float(roles.is_promise), "melanomas": float(local.label.sum())}
    row |= {f"chose_{name}": float(adapted.step.name == name) for name in CANDIDATES}
    for name, judge in (("rest", rest), ("test", test)):
        before = judge.figures(judge.probability, threshold)
        after = judge.figures(adapted.of_melanoma(judge.sample), adapted.threshold)
        row |= {f"before_{name}_{key}": value for key, value in before.items()}
        row |= {f"after_{name}_{key}": value for key, value in after.items()}
        row |= {f"off_{name}_{key}": estimate[key] - value for key, value in after.items()}
    return row


def last_steps(train: Judge, images: int, draws: int) -> list[dict[str, object]]:
    """AUC on the training images that were not drawn, by input, start and penalty."""
    found: dict[tuple[str, str, float], list[float]] = {}
    for seed in range(draws):
        drawn = np.random.default_rng(seed).permutation(len(train.sample))
        local, rest = train.sample.take(drawn[:images]), train.sample.take(drawn[images:])
        if local.label.sum() < FOLDS:
            continue
        for name in CANDIDATES:
            for start, fit in (("present", towards_present), ("anew", anew)):
                for penalty in PENALTIES:
                    value = auc(rest.label, fit(local, name, penalty).log_odds(rest))
                    found.setdefault((name, start, penalty), []).append(value)
    return [
        {
            "photographs": images,
            "input": name,
            "start": start,
            "penalty": penalty,
            "auc": float(np.mean(values)),
        }
        for (name, start, penalty), values in found.items()
    ]


def towards_present(sample: Sample, name: str, penalty: float) -> LastStep:
    """As ``adaptation.last_step`` fits it, with another penalty."""
    return _fitted(sample, name, np.array([0.0]), penalty)


def anew(sample: Sample, name: str, penalty: float) -> LastStep:
    """A logistic regression that knows nothing of the present log-odds."""
    return _fitted(sample, name, np.array([1e9]), penalty)


def _fitted(sample: Sample, name: str, own_penalty: Floats, penalty: float) -> LastStep:
    columns = np.column_stack([sample.log_odds, sample.inputs[name]])
    mean, spread = columns.mean(axis=0), np.maximum(columns.std(axis=0), 1e-9)
    design = np.column_stack([(columns - mean) / spread, np.ones(len(sample))])
    penalties = np.concatenate([own_penalty, np.full(sample.inputs[name].shape[1], penalty), [0.0]])
    fitted = fit_logistic(design, smoothed(sample.label), penalties)
    weights = fitted[:-1] / spread
    return LastStep(name, float(weights[0]), weights[1:], float(fitted[-1] - weights @ mean))


if __name__ == "__main__":
    main()
