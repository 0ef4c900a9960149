"""Print the oldest packages of the light half that pyproject.toml allows, as pip wants them."""

import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def main() -> None:
    """``numpy>=2.0`` becomes ``numpy==2.0.*``."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    extras = project["optional-dependencies"]
    allowed = [*project["dependencies"], *extras["dicom"], *extras["report"]]
    print(*(f"{name.replace('>=', '==')}.*" for name in allowed))


if __name__ == "__main__":
    main()
