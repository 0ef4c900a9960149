"""Tell the shipped files what they learned from, without training or exporting again.

The table of perceptual hashes of those images, and how frequent each diagnosis was among them.

    python -m tests.real.learned_from HAM10000

rewrites the three files in src/dermdistill/weights; done twice it changes nothing more.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dermdistill.config import load_recipe
from dermdistill.data.packed_hashes import pack_hashes
from dermdistill.data.perceptual_hash import coefficients, has_hash, signs
from dermdistill.distillation.targets import class_frequencies
from dermdistill.export.graph import described_anew
from dermdistill.files import write_bytes
from dermdistill.inference.diagnoses import at_prevalence
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel
from dermdistill.models.checkpoint import load_weights, save_weights
from dermdistill.records import Record

from .shipped_split import images_of


def table_of(ham10000: Path) -> str:
    """The packed hashes of the shipped model's training and validation images."""
    records = images_of("train", ham10000) + images_of("val", ham10000)
    found = np.stack([coefficients(record.image.decode()) for record in records])
    return pack_hashes(signs(found[has_hash(found)]))


def add(path: Path, table: str, train: list[Record]) -> None:
    """Write both into the description of a .onnx or .safetensors file."""

    def described(info: ModelInfo) -> ModelInfo:
        weights = load_recipe(info.provenance["recipe"]).student.class_weights
        shares = class_frequencies(train, info.classes, balanced=False, weights=weights)
        assert info.validation is not None
        found = at_prevalence(shares, info.melanoma, info.validation.prevalence)
        return replace(info, learned_from=table, frequencies=tuple(map(float, found)))

    if path.suffix == ".onnx":
        content = path.read_bytes()
        write_bytes(path, described_anew(content, described(OnnxModel(content, str(path)).info)))
    else:
        network, info = load_weights(path)
        save_weights(path, network, described(info))


def main() -> None:
    """Rewrite the shipped files."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ham10000", type=Path)
    ham10000 = parser.parse_args().ham10000
    table, train = table_of(ham10000), images_of("train", ham10000)
    for path in sorted(SHIPPED.parent.glob("dermlet*")):
        add(path, table, train)
        print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
