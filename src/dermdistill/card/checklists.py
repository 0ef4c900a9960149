"""Reporting checklists, filled in from what is recorded; what is not recorded is unanswered.

The items are in words of our own beside this file; their number leads to the published text.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Literal

from dermdistill.card.markdown import paragraph, quotation
from dermdistill.card.recorded import Fact
from dermdistill.spreadsheet import csv_line, text_cell

NAMES = ("tripod-ai", "claim", "mi-claim")
"""The files of items, in the order in which a card names them."""

Status = Literal["answered", "in part", "unanswered"]
STATUSES: tuple[Status, ...] = ("answered", "in part", "unanswered")


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a checklist.

    Attributes:
        number: as published.
        asks: what it asks, in words of our own.
        facts: keys of the facts that answer it.
        missing: what these facts leave open in any case; None where nothing.
        unless: what is open too unless a certain fact, or one of several (``a|b``), is recorded.
    """

    number: str
    section: str
    asks: str
    facts: tuple[str, ...] = ()
    missing: str | None = None
    unless: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is recorded about an item.

    Attributes:
        facts: none where nothing is recorded.
        missing: what the facts leave open; empty where there is no fact.
    """

    item: Item
    facts: tuple[Fact, ...]
    missing: str

    @classmethod
    def of(cls, item: Item, facts: Mapping[str, Fact]) -> "Answer":
        """From all facts."""
        found = tuple(facts[key] for key in item.facts if key in facts)
        if not found:
            return cls(item, (), "")
        lacking = [text for keys, text in item.unless.items() if not facts.keys() & set(keys.split("|"))]
        return cls(item, found, "; ".join([*lacking, *([item.missing] if item.missing else [])]))

    @property
    def status(self) -> Status:
        """Whether the facts answer the item."""
        if not self.facts:
            return "unanswered"
        return "in part" if self.missing else "answered"

    @property
    def text(self) -> str:
        """All facts, in one line; empty where there is none."""
        return " ".join(fact.text for fact in self.facts)

    @property
    def where(self) -> str:
        """The files and fields of the facts."""
        return "; ".join(dict.fromkeys(fact.where for fact in self.facts))


@dataclass(frozen=True, slots=True)
class Checklist:
    """A checklist with its answers.

    Attributes:
        file: its name without an ending.
        name, year, about, citation: of the published list.
    """

    file: str
    name: str
    year: str
    about: str
    citation: str
    answers: tuple[Answer, ...]

    def count(self, status: Status) -> int:
        """Items of this status."""
        return sum(answer.status == status for answer in self.answers)


def filled_in(facts: Mapping[str, Fact]) -> list[Checklist]:
    """All checklists, answered from ``facts``."""
    return [_filled(name, facts) for name in NAMES]


def _filled(file: str, facts: Mapping[str, Fact]) -> Checklist:
    path = resources.files("dermdistill").joinpath("card", "checklists", f"{file}.toml")
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    items = [Item(**{**entry, "facts": tuple(entry.get("facts", ()))}) for entry in content.pop("item")]
    return Checklist(file=file, answers=tuple(Answer.of(item, facts) for item in items), **content)


def as_csv(checklist: Checklist) -> str:
    """A row an item: ``item, section, asks, status, answer, not_recorded, where``."""
    rows = [
        (
            answer.item.number,
            answer.item.section,
            answer.item.asks,
            answer.status,
            answer.text,
            answer.missing,
            answer.where,
        )
        for answer in checklist.answers
    ]
    header = ("item", "section", "asks", "status", "answer", "not_recorded", "where")
    return "".join(csv_line(map(text_cell, row)) for row in (header, *rows))


def as_markdown(checklist: Checklist, model: str) -> str:
    """The same for people: sections, and a paragraph an item."""
    counted = ", ".join(f"{checklist.count(status)} {status}" for status in STATUSES)
    parts = [
        f"# {checklist.name} {checklist.year}: {model}",
        paragraph(
            f"{checklist.name} is a reporting checklist {checklist.about}: {checklist.citation}. The items "
            "are paraphrased here; their numbers lead to the published text. Answers are facts that "
            "dermdistill recorded, each with its file and field in brackets; a file that is not in this "
            "folder is one of the run. *Unanswered* means that nothing recorded answers the item: the "
            f"authors have to. Of {len(checklist.answers)} items: {counted}."
        ),
    ]
    section = None
    for answer in checklist.answers:
        if answer.item.section != section:
            section = answer.item.section
            parts.append(f"## {section}")
        parts += _of_item(answer)
    return "\n\n".join(parts) + "\n"


def _of_item(answer: Answer) -> tuple[str, str]:
    asked = paragraph(f"**{answer.item.number}** {answer.item.asks}")
    if not answer.facts:
        return asked, "> *Unanswered.*"
    status = f"*In part.* Not recorded: {answer.missing}." if answer.missing else "*Answered.*"
    stated = [f"{fact.text} [{fact.where}]" for fact in answer.facts]
    return asked, quotation([status, *stated])


def summary_rows(checklists: Sequence[Checklist]) -> list[tuple[str, ...]]:
    """For the card: one row per checklist, with a link and the numbers of items."""
    head = ("Checklist", "Items", "Answered", "In part", "Unanswered")
    rows = [
        (
            f"[{each.name} {each.year}](checklists/{each.file}.md)",
            str(len(each.answers)),
            *(str(each.count(status)) for status in STATUSES),
        )
        for each in checklists
    ]
    return [head, *rows]
