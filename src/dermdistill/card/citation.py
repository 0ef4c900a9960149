"""How to cite a model: ``CITATION.cff``, and ``.zenodo.json`` for a deposit at Zenodo."""

import json
from typing import Any

import yaml

from dermdistill import __version__
from dermdistill.card.facts import Evidence
from dermdistill.card.facts_of_file import title
from dermdistill.card.licence import trained_on

_KEYWORDS = ("melanoma", "dermoscopy", "deep learning", "prediction model")
_UNANSWERED_AUTHOR = "Author, unanswered"
"""A citation needs an author, and nothing recorded names one."""

_PROJECT = "The dermdistill authors"
_DOI = "https://doi.org/"

_PAPER = "https://arxiv.org/abs/2210.08086"


def citation_cff(evidence: Evidence) -> str:
    """Citation File Format 1.2.0 (https://citation-file-format.github.io)."""
    content: dict[str, Any] = {
        "cff-version": "1.2.0",
        "title": title(evidence.subject),
        "message": "Please cite this model, and what it was made from.",
        "type": "dataset",
        "authors": [{"name": _author(evidence)}],
        "version": evidence.subject.model_id,
        "keywords": list(_KEYWORDS),
    }
    if evidence.licence is not None:
        content["license"] = evidence.licence.spdx
    run = evidence.subject.run
    if run is not None and run.files.manifest.finished is not None:
        content["date-released"] = run.files.manifest.finished[:10]
    content["references"] = [
        {
            "type": "software",
            "title": "dermdistill",
            "authors": [{"name": _PROJECT}],
            "version": __version__,
            "license": "Apache-2.0",
        },
        {
            "type": "article",
            "title": "Knowledge Distillation approach towards Melanoma Detection",
            "authors": [{"family-names": "Khan", "given-names": "Md. Shakib"}, {"name": "others"}],
            "year": 2022,
            "url": _PAPER,
        },
    ]
    text: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)
    return text


def zenodo_json(evidence: Evidence) -> str:
    """Metadata of a deposit (https://developers.zenodo.org), which Zenodo reads from a repository."""
    licence = evidence.licence
    content: dict[str, Any] = {
        "title": title(evidence.subject),
        "upload_type": "other",
        "description": _description(evidence),
        "creators": [{"name": _author(evidence)}],
        "version": evidence.subject.model_id,
        "language": "eng",
        "keywords": list(_KEYWORDS),
        **(
            {"access_right": "open", "license": licence.spdx}
            if licence is not None
            # Open access needs a licence, and closed access promises none.
            else {"access_right": "closed"}
        ),
        "related_identifiers": [
            {"relation": relation, **_identifier(address)}
            for relation, address in (("cites", _PAPER), *_sources(evidence))
        ],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _author(evidence: Evidence) -> str:
    """Of the packaged model this project; of others nobody is known."""
    return _PROJECT if evidence.subject.documents else _UNANSWERED_AUTHOR


def _identifier(address: str) -> dict[str, str]:
    if address.startswith(_DOI):
        return {"identifier": address.removeprefix(_DOI), "scheme": "doi"}
    return {"identifier": address, "scheme": "url"}


def _description(evidence: Evidence) -> str:
    facts = evidence.facts
    keys = ("task", "use", "training_data", "internal")
    return " ".join(facts[key].text for key in keys if key in facts)


def _sources(evidence: Evidence) -> list[tuple[str, str]]:
    """The records of the published data sets that the model learned from."""
    lines = [line for entry in trained_on(evidence.subject.info) if entry for line in entry.attribution]
    addresses = [word.rstrip(".,") for line in lines for word in line.split() if word.startswith("https://")]
    return [("isDerivedFrom", address) for address in dict.fromkeys(addresses)]
