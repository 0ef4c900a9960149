"""Every fact that a card and its checklists can state, by a key, each with where it is recorded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dermdistill.card.facts_of_figures import figure_facts
from dermdistill.card.facts_of_file import file_facts
from dermdistill.card.facts_of_run import run_facts
from dermdistill.card.figures import TestSet
from dermdistill.card.licence import Licence
from dermdistill.card.recorded import Fact
from dermdistill.card.subject import Subject

DOCUMENT = "MODEL_CARD.md"
"""The card that its maintainers wrote of the packaged model, as it is called in the folder."""

LIMITS = "Limits"
_SAID_BY_A_RUN = ("data_layout", "split_digest", "made_by", "program")
"""What a model file says in short, and its run in full."""

_SECTIONS = {
    "limits": LIMITS,
    "card_data": "Architecture and training",
    "card_results": "Performance",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a model.

    Attributes:
        facts: by the keys that the checklists name.
        test_sets: where its performance was measured.
        licence: None where nothing recorded says it.
    """

    subject: Subject
    facts: Mapping[str, Fact]
    test_sets: tuple[TestSet, ...]
    licence: Licence | None


def facts_of(subject: Subject, test_sets: tuple[TestSet, ...], licence: Licence | None) -> dict[str, Fact]:
    """All facts; a key is missing where nothing is recorded."""
    of_file = dict(file_facts(subject, licence))
    of_run: dict[str, Fact] = {}
    if subject.run is not None:
        of_run = dict(run_facts(subject.run))
        of_file = {key: fact for key, fact in of_file.items() if key not in _SAID_BY_A_RUN}
    return {
        **of_file,
        **of_run,
        **dict(figure_facts(subject, test_sets)),
        **dict(_section_facts(subject)),
    }


def _section_facts(subject: Subject) -> Iterator[tuple[str, Fact]]:
    """The sections of a card written by hand, which answer as a whole."""
    for key, title in _SECTIONS.items():
        if subject.section(title):
            text = f"See the section “{title}” of {DOCUMENT}."
            yield key, Fact(text, f"{DOCUMENT}, {title}")
