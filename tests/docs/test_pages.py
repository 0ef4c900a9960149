"""What README, CONTRIBUTING and the pages of docs/ say is so: commands, paths, figures, examples, links."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer

import dermdistill
from dermdistill.cli.app import app
from dermdistill.inference.wording import ANSWERS
from tools.site_links import on_page_markdown

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]

needs_mkdocs = pytest.mark.skipif(find_spec("mkdocs") is None, reason="needs the extra `docs`")


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def fenced(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.M | re.S)


def shown_commands(name: str) -> Iterator[list[str]]:
    """The arguments of every ``dermdistill`` command in the shell examples of a page."""
    for block in fenced(text(name), "(?:sh|console)"):
        for line in block.replace("\\\n", " ").removeprefix("$ ").splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["dermdistill"]:
                yield words[1:]


COMMANDS = [
    pytest.param(arguments, id=f"{page.stem}: {' '.join(arguments)[:50]}")
    for page in TEXTS
    for arguments in shown_commands(str(page.relative_to(ROOT)))
]


@pytest.mark.parametrize("arguments", COMMANDS)
def test_commands_that_are_shown_exist_with_their_options(arguments: list[str]) -> None:
    commands = typer.main.get_group(app).commands
    name, *rest = arguments
    assert name in commands
    options = {option for parameter in commands[name].params for option in parameter.opts}
    assert [word for word in rest if re.match(r"--?\w", word) and word not in options] == []


def test_shown_commands_are_found() -> None:
    assert len(COMMANDS) > 20


def test_readme_shows_what_predict_says() -> None:
    [example] = fenced(text("README.md"), "console")
    percent, _, answer, path = example.splitlines()[-1].split()
    [prediction] = dermdistill.load().predict([ROOT / path])
    # Processors differ in the last bits, and the line has three digits.
    assert 100 * prediction.probability == pytest.approx(float(percent), abs=0.2)
    assert (ANSWERS[prediction.decision], prediction.warnings) == (answer, ())


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md"])
def test_python_examples_run(
    page: str, photographs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (photographs / "photo0.jpg").rename(photographs / "photo.jpg")
    monkeypatch.chdir(photographs)
    [example] = fenced(text(page), "python")
    exec(example, {})
    assert re.search(r"0\.\d+", capsys.readouterr().out)


def paths_in_the_tree(tree: str) -> Iterator[Path]:
    """Files and folders of CONTRIBUTING's tree, by indentation; and those named beside them."""
    folders: list[tuple[int, Path]] = [(-1, Path())]
    for line in tree.splitlines():
        name, _, about = line.strip().partition(" ")
        indent = len(line) - len(line.lstrip())
        folders = [(i, folder) for i, folder in folders if i < indent]
        path = folders[-1][1] / name
        yield path
        if name.endswith("/"):
            folders.append((indent, path))
        beside = path if name.endswith("/") else path.parent
        for other in re.findall(r"(?<![\w./])(\w+(?:\.py|/))(?=[\s:;,.]|$)", about):
            yield next(
                (p for p in (beside / other, path.parent / other) if (ROOT / p).exists()), beside / other
            )


def test_paths_in_contributing_exist() -> None:
    page = text("CONTRIBUTING.md")
    [tree] = fenced(page, "text")
    table = [line.split("|")[2] for line in page.splitlines() if line.startswith("| ")]
    named = re.findall(r"`([\w./-]+(?:\.(?:py|md|toml)|/))`", " ".join(table))
    missing = [path for path in paths_in_the_tree(tree) if not (ROOT / path).exists()]
    missing += [Path(n) for n in named if not any((r / n).exists() for r in (ROOT, ROOT / "src/dermdistill"))]
    assert missing == []
    assert len(named) > 15


def test_a_path_that_is_gone_would_be_noticed() -> None:
    tree = "src/dermdistill/\n  data/  images\n    gone.py  x\n  files.py  atomic; lost.py: y\n"
    missing = [str(path) for path in paths_in_the_tree(tree) if not (ROOT / path).exists()]
    assert missing == ["src/dermdistill/data/gone.py", "src/dermdistill/lost.py"]


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_figures_of_the_readme_are_those_of_the_results() -> None:
    figures = re.findall(r"\d\.\d+ \[[^\]]+\]", " ".join(text("README.md").split()))
    results = " ".join(text("docs/results.md").replace("-", "").split())
    assert len(figures) > 5
    assert [figure for figure in figures if figure.split(" [")[1] not in results] == []


@needs_mkdocs
def test_the_site_is_built_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    """``--strict``: a broken link, anchor or reference is an error."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    pages = [page.read_text(encoding="utf-8") for page in tmp_path.rglob("*.html")]
    assert len(pages) > len(PAGES)
    loaded = [
        re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="?(?:https?:)?//[^"> ]+', page) for page in pages
    ]
    assert not any(loaded)


def test_links_out_of_the_site_become_text() -> None:
    page = "See [the log](log.md#1-first), [changes](../CHANGELOG.md) and ![a picture](images/x.jpg)."
    expected = "See [the log](log.md#1-first), changes and ![a picture](images/x.jpg)."
    assert on_page_markdown(page) == expected


def test_citation_has_the_version_and_the_paper() -> None:
    citation = text("CITATION.cff")
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\nlicense: {project['license']}\n" in citation
    assert "arXiv:2210.08086" in citation
