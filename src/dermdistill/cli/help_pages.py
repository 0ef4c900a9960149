"""How help pages look: commands in groups, options in groups, examples last and as they are typed.

Plain text, because Rich would take longer to import than everything else that ``--help`` needs.
"""

import inspect
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

_EXAMPLES = "\n\nExamples:\n"


class Command(TyperCommand):
    """A command whose docstring may end with a section ``Examples:``."""

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the docstring without its examples."""
        text = inspect.cleandoc(self.help or "").partition(_EXAMPLES)[0]
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(text)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, options of this command, and groups of options."""
        rows: list[tuple[str, tuple[str, str]]] = []
        for param in self.get_params(ctx):
            row = param.get_help_record(ctx)
            if row is not None and param.param_type_name == "argument":
                rows.append(("Arguments", (str(param.metavar), row[1])))
            elif row is not None:
                rows.append((getattr(param, "rich_help_panel", None) or "Options", row))
        _write_sections(rows, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, a line each, never wrapped: they are there to be copied."""
        examples = inspect.cleandoc(self.help or "").partition(_EXAMPLES)[2]
        if examples:
            with formatter.section("Examples"):
                for line in examples.splitlines():
                    formatter.write(f"{'':>{formatter.current_indent}}{line.strip()}\n")


class Commands(TyperGroup):
    """The program; ``--help`` shows its commands in groups."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write every group of commands with the first sentence of each."""
        commands = {name: self.commands[name] for name in self.list_commands(ctx)}
        longest = max(map(len, commands))
        room = formatter.width - 6 - longest
        rows = [
            (_group(command), (name.ljust(longest), command.get_short_help_str(room)))
            for name, command in commands.items()
        ]
        _write_sections(rows, formatter)


def _group(command: Any) -> str:
    return str(command.rich_help_panel)


def _write_sections(rows: Iterable[tuple[str, tuple[str, str]]], formatter: Any) -> None:
    sections: dict[str, list[tuple[str, str]]] = {}
    for title, row in rows:
        sections.setdefault(title, []).append(row)
    for title in sorted(sections, key=("Arguments", "Options").__contains__, reverse=True):
        with formatter.section(title):
            formatter.write_dl(sections[title])
