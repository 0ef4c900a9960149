"""From what the user names to files that can be measured: weights for PyTorch, ONNX for ONNX Runtime."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import torch
from torch import nn

from dermdistill.benchmark.measurements import Runtime
from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.export.graph import assemble
from dermdistill.export.network import to_onnx
from dermdistill.files import write_bytes
from dermdistill.inference.model_info import ModelInfo
from dermdistill.inference.onnx import OnnxModel
from dermdistill.json_files import read_json
from dermdistill.models import cost, registry, zoo
from dermdistill.models.checkpoint import load_weights, save_weights
from dermdistill.records import MELANOMA, OTHER
from dermdistill.runs import ModelSummary, RunFolder

REFERENCES = ("efficientnet_b0@224", "dsnet@224")
"""What ratios are to; measured in every benchmark."""

_ARCHITECTURE = re.compile(r"(?P<name>[\w.]+)@(?P<size>[1-9]\d{0,4})")
_EXPECTED = (
    "expected a .onnx file, a .safetensors weights file, a run folder, or an architecture and its input size "
    "such as dsnet@224"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """A model to measure.

    Attributes:
        name: unique in this benchmark.
        parameters, macs: see ``measurements.Measured``.
        files: of each runtime that can take it.
        notes: why a runtime is missing.
    """

    name: str
    architecture: str
    size: int
    parameters: int
    macs: int
    files: dict[Runtime, Path]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedModel:
    """What one word of the user's names, found to exist but not yet read.

    Attributes:
        name: for the tables.
        source: an existing file, or an architecture ``name@size``.
    """

    name: str
    source: Path | str


def find_models(words: Sequence[str], references: Sequence[str] = REFERENCES) -> list[NamedModel]:
    """What the user named, in order, then the references that are not among it; names made unique.

    The same word twice is measured twice. Of a run, one finished model of each architecture and size is
    taken, the first by name: speed does not depend on the weights. Its exported files can be named
    themselves.

    Raises:
        UserError: no such file, or none of what is expected.
    """
    given = [named for word in words for named in _found(word)]
    asked_for = {named.source for named in given}
    found: list[NamedModel] = []
    for named in [*given, *(NamedModel(name, name) for name in references if name not in asked_for)]:
        same = sum(other.name == named.name or other.name.startswith(f"{named.name} (") for other in found)
        found.append(NamedModel(f"{named.name} ({same + 1})" if same else named.name, named.source))
    return found


def check_architecture(named: NamedModel) -> None:
    """Raise UserError, before any work, for an architecture that is unknown."""
    if isinstance(named.source, str):
        architecture, _ = _parts(named.source)
        if not registry.exists(architecture):
            hint = zoo.suggestion(architecture, registry.STUDENTS)
            raise UserError(f"{named.source}: no such architecture{hint}; {_EXPECTED}")


def prepare_subject(named: NamedModel, folder: Path, *, with_onnx: bool) -> Subject:
    """Read or build a model, count its cost and write the files to measure into ``folder``.

    A weights file, or an architecture with random weights, is measured in PyTorch and, exported on the fly in
    float32, in ONNX Runtime. A ``.onnx`` file is measured in ONNX Runtime alone, as it is.

    Raises:
        UserError: a damaged file, or a network that cannot take images of this size.
    """
    if isinstance(named.source, Path) and named.source.suffix == ".onnx":
        info = OnnxModel.read(named.source).info
        network = _built(named, info.architecture, len(info.classes), info.input.size)
        return _subject(named, info, network, {"ONNX Runtime": named.source})
    if isinstance(named.source, Path):
        network, info = load_weights(named.source)
        weights = named.source
    else:
        architecture, size = _parts(named.source)
        info = ModelInfo(architecture, (OTHER, MELANOMA), InputSpec(size))
        network = _built(named, architecture, 2, size)
        weights = folder / "weights.safetensors"
    counted = _subject(named, info, network, {"PyTorch": weights})
    if isinstance(named.source, str):
        save_weights(weights, network, info)
    return _exported(counted, network, info, folder / "model.onnx") if with_onnx else counted


def _found(word: str) -> Iterator[NamedModel]:
    path = Path(word)
    if path.is_dir():
        yield from _of_run(path)
    elif path.suffix in (".onnx", ".safetensors"):
        if not path.is_file():
            raise UserError(f"{word}: no such file; {_EXPECTED}")
        yield NamedModel(path.parent.name if path.stem == "weights" else path.name, path)
    elif _ARCHITECTURE.fullmatch(word):
        yield NamedModel(word, word)
    elif path.is_file():
        raise UserError(f"{word}: not a model of this program; {_EXPECTED}")
    else:
        # No file system has `resnet50` here: the size was forgotten.
        hint = f"; did you mean {word}@224?" if registry.exists(word) else ""
        raise UserError(f"{word}: no such file{hint}; {_EXPECTED}")


def _of_run(path: Path) -> Iterator[NamedModel]:
    seen: set[tuple[str, int]] = set()
    for folder in RunFolder(path).models():
        summary = read_json(folder.summary, ModelSummary)
        kind = (summary.architecture, summary.input_size)
        if kind not in seen:
            seen.add(kind)
            yield NamedModel(summary.name, folder.weights)
    if not seen:
        raise UserError(f"{path}: a folder without finished models; {_EXPECTED}")


def _parts(word: str) -> tuple[str, int]:
    match = _ARCHITECTURE.fullmatch(word)
    assert match is not None
    return match["name"], int(match["size"])


def _built(named: NamedModel, architecture: str, classes: int, size: int) -> nn.Module:
    torch.manual_seed(0)
    try:
        return registry.build(architecture, classes, size)
    except ValueError as error:
        raise _cannot_take(named, size, error) from error


def _subject(named: NamedModel, info: ModelInfo, network: nn.Module, files: dict[Runtime, Path]) -> Subject:
    size = info.input.size
    try:
        macs = cost.macs(network, size)
    except (RuntimeError, AssertionError, ValueError) as error:
        raise _cannot_take(named, size, error) from error
    return Subject(named.name, info.architecture, size, cost.parameters(network), macs, files)


def _cannot_take(named: NamedModel, size: int, error: Exception) -> UserError:
    reason = str(error).splitlines()[0][:120]
    return UserError(f"{named.name}: cannot take images of {size} pixels ({reason}); choose another size")


def _exported(subject: Subject, network: nn.Module, info: ModelInfo, path: Path) -> Subject:
    try:
        model = assemble(to_onnx(network, info.input.size), info)
    except (ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        reason = str(error).splitlines()[0][:120]
        note = f"{subject.name}: not measured in ONNX Runtime, since it cannot be exported ({reason})"
        return replace(subject, notes=(note,))
    write_bytes(path, model.SerializeToString())
    return replace(subject, files={**subject.files, "ONNX Runtime": path})
