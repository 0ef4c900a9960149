"""Draw docs/images/adaptation.png from docs/results/adaptation.json.

    python -m tools.adaptation_figure

One line for photographs of the same population, one for the official test set; the value before adapting is a
dashed line. Bars are one standard deviation over the draws. For the sensitivity of 0.90.
"""

import json
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tools.tables import RESULTS, ROOT

WANTED = 0.9
_SETS = {"rest": ("same population", "#0b5fa5"), "test": ("official test set", "#b3541e")}
_PANELS = (
    ("auc", "AUC"),
    ("ece", "calibration error (ECE)"),
    ("sensitivity", "sensitivity"),
    ("specificity", "specificity"),
)


def main() -> None:
    """Draw and save the figure."""
    content = json.loads((RESULTS / "adaptation.json").read_text(encoding="utf-8"))
    rows = [row for row in content["adaptations"] if row["wanted"] == WANTED]
    figure, axes = plt.subplots(1, 5, figsize=(15, 3.3), layout="constrained")
    for ax, (name, title) in zip(axes, _PANELS, strict=False):
        draw(ax, rows, name, title)
    axes[2].axhline(WANTED, color="black", linewidth=0.8)
    draw_promises(axes[4], rows)
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    figure.savefig(ROOT / "docs" / "images" / "adaptation.png", dpi=110)


def draw(ax: Axes, rows: list[dict[str, Any]], name: str, title: str) -> None:
    """One figure against the number of photographs, on both sets."""
    at = range(len(rows))
    for key, (label, colour) in _SETS.items():
        after = [row[f"after_{key}_{name}"] for row in rows]
        spread = [row[f"after_{key}_{name}_sd"] for row in rows]
        ax.errorbar(at, after, yerr=spread, color=colour, marker="o", capsize=3, label=f"after, {label}")
        before = [row[f"before_{key}_{name}"] for row in rows]
        ax.plot(at, before, color=colour, linestyle="--", linewidth=1, label=f"before, {label}")
    _finish(ax, rows, title)


def draw_promises(ax: Axes, rows: list[dict[str, Any]]) -> None:
    """Which share of the promises is kept, where there are some."""
    shown = [(i, row) for i, row in enumerate(rows) if row["promised"] >= 10]
    for key, (_, colour) in _SETS.items():
        ax.plot([i for i, _ in shown], [row[f"covered_{key}"] for _, row in shown], color=colour, marker="o")
    ax.axhline(0.95, color="black", linewidth=0.8)
    ax.set_ylim(0, 1.02)
    _finish(ax, rows, "promises kept")


def _finish(ax: Axes, rows: list[dict[str, Any]], title: str) -> None:
    ax.set_title(title, fontsize=10)
    ax.set_xticks(range(len(rows)), [str(row["photographs"]) for row in rows])
    ax.set_xlabel("photographs")
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
