"""How well the shipped model names the diagnosis, as trained and with the training frequencies divided out.

    python -m benchmarks.diagnoses SPLIT SOURCE [SOURCE ...] > docs/results/diagnoses.json

scores the test images of each source, as SPLIT assigns them, and writes both readings with their paired
difference; intervals by bootstrap over lesions.
"""

import argparse
import csv
import json
from pathlib import Path

import numpy as np

import dermdistill
from dermdistill.data.sources import read_sources
from dermdistill.digits import rounded
from dermdistill.evaluation.diagnoses import NamedDiagnoses, judge_diagnoses
from dermdistill.evaluation.intervals import bootstrap
from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.predictions import Predictions, tabulate
from dermdistill.inference.diagnoses import balanced
from dermdistill.inference.prediction import Prediction

REPLICATES = 2000


def scored(source: Path, test: set[str], model: dermdistill.Model) -> Predictions:
    """The predictions table of the source's test images."""
    records = [record for record in read_sources([source]).records if record.image_id in test]
    answers = [model.predict_file(record.image.name) for record in records]
    return tabulate(records, ["test"] * len(records), _probabilities(answers), model.info.classes)


def _probabilities(answers: list[Prediction]) -> Floats:
    return np.array([list(answer.diagnoses.values()) for answer in answers])


def measured(source: Path, table: Predictions, frequencies: Floats) -> dict[str, object]:
    """Both readings and their difference, balanced minus as trained."""
    figures = judge_diagnoses([table], [frequencies], replicates=REPLICATES, seed=0)
    assert figures is not None
    known = table.take([i for i, name in enumerate(table.diagnosis) if name in table.classes])
    assert known.class_probabilities is not None
    truth = np.array(known.diagnosis)[:, None] == np.array(known.classes)[None, :]
    before = NamedDiagnoses(truth, known.class_probabilities)
    after = NamedDiagnoses(truth, balanced(known.class_probabilities, frequencies))

    def difference(weights: Floats) -> dict[str, Floats]:
        first, second = before(weights), after(weights)
        return {name: second[name] - first[name] for name in first}

    deltas = bootstrap(
        difference, lambda name: "", known.lesion_id, known.label, replicates=REPLICATES, seed=0
    )
    return {
        "test_set": source.name,
        **figures.model_dump(mode="json"),
        "balanced_minus_as_trained": {name: delta.model_dump(mode="json") for name, delta in deltas.items()},
    }


def main() -> None:
    """Print the measurements as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("split", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    arguments = parser.parse_args()
    model = dermdistill.load()
    assert model.info.frequencies is not None
    with arguments.split.open(newline="", encoding="utf-8") as handle:
        test = {row["image_id"] for row in csv.DictReader(handle) if row["split"] == "test"}
    frequencies = np.array(model.info.frequencies)
    found = [measured(source, scored(source, test, model), frequencies) for source in arguments.sources]
    names = " ".join(source.name for source in arguments.sources)
    command = f"python -m benchmarks.diagnoses {arguments.split.name} {names}"
    content = {"commands": [command], "model": model.model_id, "test_sets": found}
    print(json.dumps(rounded(content), indent=1))


if __name__ == "__main__":
    main()
