"""Give the shipped files the table of the images that they learned from, without training or exporting again.

    python -m tests.real.learned_from HAM10000

rewrites the three files in src/dermdistill/weights; done twice it changes nothing more.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import coefficients, has_hash, signs
from dermdistill.export.graph import described_anew
from dermdistill.files import write_bytes
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.onnx import OnnxModel
from dermdistill.models.checkpoint import load_weights, save_weights

from .shipped_split import images_of


def table_of(ham10000: Path) -> str:
    """The packed hashes of the shipped model's training and validation images."""
    records = images_of("train", ham10000) + images_of("val", ham10000)
    found = np.stack([coefficients(record.image.decode()) for record in records])
    return pack_hashes(signs(found[has_hash(found)]))


def add_table(path: Path, table: str) -> None:
    """Write the table into the description of a .onnx or .safetensors file."""
    if path.suffix == ".onnx":
        content = path.read_bytes()
        info = OnnxModel(content, str(path)).info
        write_bytes(path, described_anew(content, replace(info, learned_from=table)))
    else:
        network, info = load_weights(path)
        save_weights(path, network, replace(info, learned_from=table))


def main() -> None:
    """Rewrite the shipped files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ham10000", type=Path)
    table = table_of(parser.parse_args().ham10000)
    for path in sorted(SHIPPED.parent.glob("dermlet*")):
        add_table(path, table)
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
