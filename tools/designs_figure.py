"""Draw docs/images/designs.png from docs/results/designs.json.

    python -m tools.designs_figure

Validation AUC of networks and input sizes against their time, one panel for each archive. A colour is a
schedule: only points of one colour can be compared.
"""

import json
from itertools import cycle
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from tools.tables import RESULTS, ROOT

_PANELS = {"ham10000": "HAM10000, 113 melanomas", "isic": "ISIC Archive, 30 melanomas"}
_TICKS = (0.06, 0.1, 0.2, 0.4, 0.8)
_CLOSE = 1.1
"""A name stands on the right of a point that has another of its schedule so closely on its left."""
_COLOURS = ("#0b5fa5", "#b3541e", "#4d7c3a", "#000000")


def main() -> None:
    """Draw and save the figure."""
    designs = json.loads((RESULTS / "designs.json").read_text(encoding="utf-8"))["designs"]
    figure, axes = plt.subplots(1, len(_PANELS), figsize=(11, 4.4), layout="constrained", sharex=True)
    for ax, (archive, title) in zip(axes, _PANELS.items(), strict=True):
        draw(ax, designs, archive)
        ax.set_title(title, fontsize=10)
    axes[0].set_ylabel("AUC on validation images")
    figure.legend(
        *axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False, fontsize=9
    )
    figure.savefig(ROOT / "docs" / "images" / "designs.png", dpi=110)


def draw(ax: Axes, designs: list[dict[str, Any]], archive: str) -> None:
    """One archive: a colour for each schedule, a point for each network at its input size."""
    schedules = dict.fromkeys(each["schedule"] for each in designs)
    for schedule, colour in zip(schedules, cycle(_COLOURS), strict=False):
        of_schedule = [each for each in designs if each["schedule"] == schedule]
        times = [each["times_efficientnet_b0"] for each in of_schedule]
        ax.plot(times, [each[archive] for each in of_schedule], "o", color=colour, label=schedule)
        for each, time in zip(of_schedule, times, strict=True):
            crowded = any(time / _CLOSE < other < time for other in times)
            ax.annotate(
                each["name"],
                (time, each[archive]),
                xytext=(7, 1) if crowded else (-7, -3),
                textcoords="offset points",
                horizontalalignment="left" if crowded else "right",
                fontsize=8,
                color=colour,
            )
    ax.set_xscale("log", base=2)
    ax.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    ax.set_xlim(_TICKS[0], _TICKS[-1])
    ax.set_xlabel("time of one image / that of EfficientNet-B0 at 224 px")
    ax.margins(y=0.12)
    ax.grid(visible=True, color="#e5e5e5", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
