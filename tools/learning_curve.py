"""Draw docs/images/learning-curve.png: how the distilled students of a run approached their teacher.

    python -m tools.learning_curve RUN

Writes docs/results/learning-curve.json, too: after each epoch the AUC of the validation images of each source
and the loss to the teacher, of each student of the objective `hinton`; their means over 20 epochs and all
students; and the teacher's AUC.
"""

import csv
import json
import sys
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from dermdistill.digits import rounded
from dermdistill.evaluation.metrics import auc
from dermdistill.evaluation.predictions import read_predictions
from dermdistill.files import write_text
from dermdistill.runs import RunFolder
from tools.tables import RESULTS, ROOT

_TITLES = {"ham10000-full": "HAM10000, 113 melanomas", "isic-archive": "ISIC Archive, 30 melanomas"}
_STUDENTS = ("#0b5fa5", "#b3541e", "#4d7c3a")
_FIGURES = (*(f"val_auc_{source}" for source in _TITLES), "train_soft")
_AVERAGED = 20
"""Epochs of a mean: a single one varies too much to show whether a curve still rises."""
_RISEN = 0.75
"""AUC where the panels begin: the first epochs are of no interest."""


def main(run: RunFolder) -> None:
    """Write the file and draw the figure."""
    curves = curves_of(run)
    write_text(RESULTS / "learning-curve.json", json.dumps(rounded(curves), indent=1) + "\n")
    figure, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained", sharex=True)
    for ax, (source, title) in zip(axes[:-1], _TITLES.items(), strict=True):
        draw(ax, curves, f"val_auc_{source}")
        ax.axhline(curves["teacher"][f"val_auc_{source}"], color="#000000", linestyle="--", label="teacher")
        ax.set_ylim(_RISEN, None)
        ax.set_title(f"AUC on validation images\n{title}", fontsize=10)
    draw(axes[-1], curves, "train_soft")
    axes[-1].set_ylim(0, 1)
    axes[-1].set_title("loss to the teacher\ntraining images", fontsize=10)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(ROOT / "docs" / "images" / "learning-curve.png", dpi=110)


def curves_of(run: RunFolder) -> dict[str, Any]:
    """The teacher's validation AUC by source, the means, and one list a figure of each student."""
    teacher = read_predictions(run.model("teacher").predictions).of_split("val").by_source()
    students = {}
    for folder in run.models():
        if "-hinton-" in folder.path.name:
            with folder.history.open(encoding="utf-8", newline="") as handle:
                rows = list(csv.DictReader(handle))
            students[folder.path.name] = {name: [float(row[name]) for row in rows] for name in _FIGURES}
    return {
        "teacher": {f"val_auc_{name}": auc(part.label, part.probability) for name, part in teacher.items()},
        "means": means(list(students.values())),
        "students": students,
    }


def means(students: list[dict[str, list[float]]]) -> list[dict[str, Any]]:
    """Of each figure over so many epochs and all students; what is left at the end is left out."""
    epochs = min(len(values) for student in students for values in student.values())
    return [
        {
            "epochs": f"{start + 1} to {start + _AVERAGED}",
            **{
                name: fmean(value for each in students for value in each[name][start : start + _AVERAGED])
                for name in _FIGURES
            },
        }
        for start in range(0, epochs - _AVERAGED + 1, _AVERAGED)
    ]


def draw(ax: Axes, curves: dict[str, Any], figure: str) -> None:
    """A line for each student."""
    for (name, student), colour in zip(curves["students"].items(), _STUDENTS, strict=True):
        values = student[figure]
        label = f"student, seed {name.rpartition('-seed')[2]}"
        ax.plot(range(1, len(values) + 1), values, color=colour, linewidth=1, label=label)
    ax.set_xlabel("epoch")
    ax.grid(visible=True, color="#e5e5e5", linewidth=0.6)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main(RunFolder(Path(sys.argv[1])))
