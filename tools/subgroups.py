"""Write docs/results/subgroups.json from evaluations of the packaged model.

    dermdistill evaluate --data DATA --split FILE -o FOLDER
    python -m tools.subgroups NAME=FOLDER ...

Each evaluation becomes a list of rows under its name; ``python -m tools.tables`` makes tables of them.
"""

import json
import sys
from pathlib import Path
from typing import Any

from dermdistill.digits import rounded
from dermdistill.files import write_text
from dermdistill.json_files import read_json
from dermdistill.judgement.judgement import Judgement, Subgroup
from tools.tables import RESULTS

_FIGURES = ("auc", "sensitivity", "specificity", "flagged", "calibration")
COMMAND = "dermdistill evaluate --data DATA --split dermoscopy-2.csv -o FOLDER"


def main(named: dict[str, Path]) -> None:
    """Write the file; ``named`` are the folders of the evaluations."""
    rows = {name: _rows(read_json(folder / "judgement.json", Judgement)) for name, folder in named.items()}
    content = {"commands": [COMMAND, "python -m tools.subgroups NAME=FOLDER ..."], **rows}
    write_text(RESULTS / "subgroups.json", json.dumps(rounded(content), indent=1) + "\n")


def _rows(judgement: Judgement) -> list[dict[str, Any]]:
    (group,) = judgement.groups.values()
    return [_row(subgroup) for subgroup in group.subgroups]


def _row(subgroup: Subgroup) -> dict[str, Any]:
    """The figures without their reasons; ``differs`` names those that differ from all others."""
    figures = {name: getattr(subgroup, name) for name in _FIGURES}
    return {
        "by": subgroup.by,
        "value": subgroup.value,
        "images": subgroup.n_images,
        "melanomas": subgroup.n_melanoma,
        **{name: of.model_dump(include={"value", "low", "high"}) for name, of in figures.items()},
        "differs": [each.figure for each in subgroup.differences if each.is_claimed],
    }


if __name__ == "__main__":
    main({name: Path(folder) for name, _, folder in (each.partition("=") for each in sys.argv[1:])})
