"""Assemble the model files in src/dermdistill/weights anew, when what is around their networks has changed.

    python -m tools.assemble_weights

Networks, calibrations, thresholds, references and detectors stay as they are. The graph before and behind
each network, and the preprocessing that its description names, become those of this version.
"""

from dataclasses import replace

import onnx

from dermdistill.data.images import HALVING
from dermdistill.export.detector import detector_of
from dermdistill.export.graph import assemble, description_of, network_of
from dermdistill.files import write_bytes
from dermdistill.inference.model import SHIPPED
from dermdistill.inference.model_info import ModelInfo
from dermdistill.models.checkpoint import load_weights, save_weights


def main() -> None:
    """Write every file again."""
    for path in sorted(SHIPPED.parent.glob("*.onnx")):
        model = onnx.load(path)
        info = _with_halving(description_of(model, str(path)))
        write_bytes(path, assemble(network_of(model), info, detector_of(model)).SerializeToString())
    for path in sorted(SHIPPED.parent.glob("*.safetensors")):
        network, info = load_weights(path)
        save_weights(path, network, _with_halving(info))


def _with_halving(info: ModelInfo) -> ModelInfo:
    return replace(info, input=replace(info.input, halving=HALVING))


if __name__ == "__main__":
    main()
