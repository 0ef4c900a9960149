"""A run on two archives and the shipped model files, on each test set apart.

    python -m benchmarks.two_archives RUN SPLIT.csv SOURCE [SOURCE ...] --crops HAM10000_SUBSET \
        --before OLD.onnx [--beside RUN_OF_ANOTHER_STUDENT] -o docs/results/two-archives.json

Test images of each source, as SPLIT assigns them, one answer per lesion (the mean of the log-odds); and the
test lesions of the older, cropped subset of HAM10000. Figures of a group are means over its seeds;
differences are paired on the same lesions; 95 % intervals by bootstrap over lesions.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

import dermdistill
from benchmarks.lesions import Figures
from dermdistill.data import splits
from dermdistill.data.fixed_split import read_fixed_split, with_split
from dermdistill.data.sources import read_sources
from dermdistill.digits import rounded
from dermdistill.evaluation.intervals import bootstrap
from dermdistill.evaluation.lesions import by_lesion
from dermdistill.evaluation.metrics import Floats
from dermdistill.evaluation.predictions import Predictions, read_predictions, tabulate
from dermdistill.files import write_text
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import INT8_SUFFIX
from dermdistill.records import Record
from dermdistill.runs import RunFolder

REPLICATES = 2000
CROPS = "ham10000, cropped"
PAIRS = (
    ("hinton", "labels"),
    ("hinton", "teacher"),
    ("labels", "teacher"),
    ("hinton", "dsnet-labels"),
    ("hinton", "efficientnet_b0-labels"),
    ("float", "before"),
    ("int8", "float"),
)

TITLES = {
    "teacher": "teacher",
    "teacher-seed0": "EfficientNet-Lite0, a member of it",
    "teacher-seed1": "EfficientNet-Lite1, another",
    "teacher-seed2": "EfficientNet-Lite2, another",
    "teacher-seed3": "EfficientNet-Lite0, another",
    "teacher-seed4": "EfficientNet-Lite1, another",
    "teacher-seed5": "EfficientNet-Lite2, another",
    "hinton": "Dermlet, hinton",
    "labels": "Dermlet, labels only",
    "dsnet-labels": "DSNet (128 px, labels only, from scratch, 30 epochs)",
    "efficientnet_b0-labels": "EfficientNet-B0 (likewise, 8 epochs)",
    "float": "shipped file",
    "int8": "shipped 8-bit file",
    "before": "former shipped file",
}

Sets = Mapping[str, Sequence[Predictions]]
"""Predictions of one test set by group: one of each seed, or one of a file."""


def main() -> None:
    """Measure, and write the JSON file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("split", type=Path)
    parser.add_argument("sources", type=Path, nargs="+")
    parser.add_argument("--crops", type=Path, required=True)
    parser.add_argument("--before", type=Path, required=True)
    parser.add_argument("--beside", type=Path, action="append", default=[])
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    of_run = groups_of([given.run, *given.beside])
    files = {"float": SHIPPED, "int8": SHIPPED.with_name(f"dermlet{INT8_SUFFIX}"), "before": given.before}
    models = {name: dermdistill.load(path) for name, path in files.items()}
    records = with_split(read_sources(given.sources), read_fixed_split(given.split)).records
    tested = {CROPS: test_lesions(given.crops)}
    for source in given.sources:
        tested[source.name] = [
            each for each in records if each.split == "test" and each.source == source.name
        ]
    rows: list[dict[str, object]] = []
    for name, images in tested.items():
        scored = {group: [by_lesion(table_of(model, images))] for group, model in models.items()}
        ids = set(scored["float"][0].lesion_id)
        trained = {
            group: [by_lesion(each.by_source()[name]) for each in tables]
            for group, tables in of_run.items()
            if name != CROPS
        }
        assert all(set(each.lesion_id) == ids for tables in trained.values() for each in tables)
        found = rows_of(name, {**trained, **scored})
        for row in found:
            if (model := models.get(str(row["of"]))) is not None:
                row["points"] = decided(model, scored[str(row["of"])][0])
        rows += found
    write_text(given.output, json.dumps(rounded({"rows": rows}), indent=1) + "\n")


def groups_of(runs: Sequence[Path]) -> dict[str, list[Predictions]]:
    """The test predictions of teacher and members, of Dermlet by objective, and of other students.

    Raises:
        ValueError: two runs have models of one group, which are no seeds of one another.
    """
    found: dict[str, list[Predictions]] = {}
    for run in runs:
        of_run: dict[str, list[Predictions]] = {}
        for folder in RunFolder(run).models():
            name = folder.path.name
            is_student = not name.startswith("teacher")
            group = name.rpartition("-seed")[0].removeprefix("dermlet-") if is_student else name
            of_run.setdefault(group, []).append(read_predictions(folder.predictions).of_split("test"))
        if both := found.keys() & of_run.keys():
            raise ValueError(f"{run}: {', '.join(sorted(both))} is in another run, too")
        found |= of_run
    return found


def test_lesions(crops: Path) -> list[Record]:
    """Those of the split of the first version of the recipe ``student``."""
    records = read_sources([crops]).records
    split = splits.split(records, seed=0)
    return [record for record, name in zip(records, split, strict=True) if name == "test"]


def table_of(model: dermdistill.Model, records: Sequence[Record]) -> Predictions:
    """What a model file answers to decoded images."""
    answers = [model.score(record.image.decode()) for record in records]
    probabilities = np.array([list(answer.diagnoses.values()) for answer in answers])
    table = tabulate(list(records), ["test"] * len(records), probabilities, model.info.classes)
    return replace(table, probability=np.array([answer.probability for answer in answers]))


def decided(model: dermdistill.Model, lesions: Predictions) -> dict[str, dict[str, float]]:
    """Sensitivity and specificity at each operating point of a file."""
    label, found = lesions.label, {}
    for point in model.info.thresholds:
        if point.threshold is None:
            continue
        flagged = lesions.probability >= point.threshold
        found[point.name] = {
            "sensitivity": float(flagged[label].mean()),
            "specificity": float((~flagged[~label]).mean()),
        }
    return found


def rows_of(test_set: str, groups: Sets) -> list[dict[str, object]]:
    """A row for each group, and for each difference of two."""
    first = next(iter(groups.values()))[0]
    order = sorted(first.lesion_id)
    aligned = {group: [in_order(each, order) for each in tables] for group, tables in groups.items()}
    label = aligned[next(iter(groups))][0].label

    figures = {
        group: [Figures(label, each.probability) for each in tables] for group, tables in aligned.items()
    }
    pairs = [(a, b) for a, b in PAIRS if a in figures and b in figures]

    def statistic(weights: Floats) -> dict[str, Floats]:
        found = {
            f"{group}/{name}": np.mean([one[name] for one in each], axis=0)
            for group, of in figures.items()
            for each in [[one(weights) for one in of]]
            for name in each[0]
        }
        for a, b in pairs:
            found[f"{a} minus {b}/auc"] = found[f"{a}/auc"] - found[f"{b}/auc"]
        return found

    found = bootstrap(statistic, lambda _: "undefined", order, label, replicates=REPLICATES, seed=0)
    names = [*figures, *(f"{a} minus {b}" for a, b in pairs)]
    return [
        {
            "test_set": test_set,
            "of": name,
            "kind": "difference" if " minus " in name else "model",
            "title": " minus ".join(TITLES.get(part, part) for part in name.split(" minus ")),
            "seeds": len(groups.get(name, ())) or None,
            "lesions": len(order),
            "melanomas": int(label.sum()),
            **{key.split("/")[1]: found[key].model_dump() for key in found if key.split("/")[0] == name},
        }
        for name in names
    ]


def in_order(table: Predictions, lesions: Sequence[str]) -> Predictions:
    """The rows of these lesions."""
    place = {lesion: i for i, lesion in enumerate(table.lesion_id)}
    return table.take([place[lesion] for lesion in lesions])


if __name__ == "__main__":
    main()
