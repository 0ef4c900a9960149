"""Options that had another name in the last release: understood for one more release, with a note."""

from collections.abc import Sequence

from dermdistill.errors import UserError

_OUT = {"--out": "--output"}
_RENAMED = {
    "run": _OUT,
    "compare": _OUT,
    "evaluate": _OUT,
    "benchmark": _OUT,
    "export": _OUT,
    "explain": _OUT | {"--threshold": "--operating-point"},
    "predict": {"--csv": "--output", "--threshold": "--operating-point"},
}


def translated(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments of a command line in today's names, and a note for every old name.

    Args:
        arguments: what follows the program's name; the first one that is not an option is the command.

    Raises:
        UserError: ``export --to`` names a format that is not written.
    """
    command = next((each for each in arguments if not each.startswith("-")), "")
    renamed = _RENAMED.get(command, {})
    result: list[str] = []
    notes: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        name, equals, value = argument.partition("=")
        if argument == "--":
            result += [argument, *remaining]
        elif name in renamed:
            result.append(renamed[name] + equals + value)
            notes.append(f"{name} is now {renamed[name]}; the next release will not know the old name")
        elif command == "export" and name == "--to":
            _check_format(value if equals else next(remaining, ""))
            notes.append("--to is not needed: the format is always ONNX; the next release will not know it")
        else:
            result.append(argument)
    return result, list(dict.fromkeys(notes))


def _check_format(name: str) -> None:
    if name != "onnx":
        raise UserError(f"--to {name}: only onnx is written; leave --to out")
