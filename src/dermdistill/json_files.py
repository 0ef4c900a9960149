"""Results as JSON files: typed, exact, written atomically."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from dermdistill.errors import UserError
from dermdistill.files import write_text

T = TypeVar("T")


class Frozen(BaseModel):
    """Immutable; an unknown field, NaN or infinity is an error: what is undefined is None."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def write_json(path: Path, model: BaseModel) -> None:
    """Write one object as indented JSON, atomically; raises UserError where it cannot be written."""
    write_text(path, model.model_dump_json(indent=2) + "\n")


def write_json_list(path: Path, models: Sequence[BaseModel]) -> None:
    """Write objects as one JSON list, atomically; raises UserError where it cannot be written."""
    lines = ",\n".join(model.model_dump_json(indent=2) for model in models)
    write_text(path, f"[\n{lines}\n]\n")


def is_json_of(path: Path, kind: type[BaseModel]) -> bool:
    """Whether a file holds what `write_json` wrote of this kind."""
    try:
        read_json(path, kind)
    except UserError:
        return False
    return True


def read_json(path: Path, kind: type[T]) -> T:
    """Read what `write_json` wrote, or `write_json_list` with ``kind`` a ``list[...]``.

    Raises:
        UserError: the file is missing, cannot be read, is cut short or holds something else.
    """
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; run the command that makes it again") from None
    except OSError as error:
        raise UserError(f"{path}: cannot read ({error.strerror}); expected a JSON file") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        found = f"{where}: {first['msg']}" if where else first["msg"]
        raise UserError(f"{path}: damaged ({found}); run the command that made it again") from None
