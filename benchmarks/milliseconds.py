"""Worker of predict_versions; imports nothing but the version of the program that it measures.

Scores the files of each line of standard input, separated by tabs; prints processor milliseconds a file.
"""

import sys
import time
from pathlib import Path

import dermdistill


def main() -> None:
    """Answer until standard input ends."""
    model = dermdistill.load()
    for line in sys.stdin:
        paths = [Path(name) for name in line.rstrip("\n").split("\t")]
        began = time.process_time()
        for path in paths:
            model.predict_file(path)
        print(1000 * (time.process_time() - began) / len(paths), flush=True)


if __name__ == "__main__":
    main()
