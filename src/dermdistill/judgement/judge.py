"""From predictions tables to ``judgement.json``: computed once, read by everything that shows figures."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from dermdistill import __version__
from dermdistill.config import Recipe
from dermdistill.errors import UserError
from dermdistill.evaluation.estimates import Evaluation
from dermdistill.evaluation.evaluate import evaluate
from dermdistill.evaluation.predictions import aligned, read_predictions
from dermdistill.evaluation.thresholds import operating_points
from dermdistill.json_files import read_json, write_json
from dermdistill.judgement.group_comparisons import GroupComparisons, comparisons
from dermdistill.judgement.groups import ScoredModel, judge_groups
from dermdistill.judgement.judgement import VERSION, Group, Judgement, NetworkComparison
from dermdistill.judgement.networks import judge_networks
from dermdistill.judgement.run_files import RunFiles, damaged, read_run_files
from dermdistill.outputs import open_output
from dermdistill.runs import ModelFolder, ModelSummary, RunFolder


def judgement_of(run: RunFolder) -> Judgement:
    """The figures of a run: those stored, or new ones where its files have changed since or none are stored.

    Raises:
        UserError: see ``judge_run``.
    """
    return stored_or_new(read_run_files(run))


def judge_run(run: RunFolder) -> Judgement:
    """Compute the figures of a run's finished models and store them.

    Raises:
        UserError: not a run folder, no finished model, a file that is missing or damaged, models that were
            scored on different images, or a ``judgement.json`` that this program did not write.
    """
    return _judge(read_run_files(run))


def stored_or_new(files: RunFiles) -> Judgement:
    """As ``judgement_of``, of a run whose files are read."""
    stored = _stored(files.run.judgement)
    if stored is not None and stored.made_from == _digest(files):
        return stored
    return _judge(files)


def judge_evaluation(
    models: Sequence[ScoredModel], path: Path, *, synthetic: bool, notes: Sequence[str], replicates: int
) -> Judgement:
    """Compute the figures of models on other data than their run's, and store them at ``path``."""
    evaluations = _evaluations(models, replicates)
    pairs = GroupComparisons(judge_groups(models, evaluations, None, replicates), models, replicates)
    judgement = Judgement(
        made_from="",
        synthetic=synthetic,
        notes=tuple(notes),
        replicates=replicates,
        lesions={},
        models=evaluations,
        groups=pairs.groups,
        comparisons=comparisons(pairs, pairs.groups),
        networks=None,
    )
    _check_is_ours(path)
    write_json(path, judgement)
    return judgement


def _judge(files: RunFiles) -> Judgement:
    _check_is_ours(files.run.judgement)
    models, recipe = _scored(files.models), files.recipe
    replicates = recipe.evaluation.replicates
    evaluations = _evaluations(models, replicates)
    groups = judge_groups(models, evaluations, recipe.student, replicates)
    pairs = GroupComparisons(groups, models, replicates)
    networks = judge_networks(pairs, recipe, files.benchmark) if files.is_comparison else None
    judgement = Judgement(
        made_from=_digest(files),
        synthetic=files.manifest.data.synthetic,
        notes=(),
        replicates=replicates,
        lesions=files.lesions,
        models=evaluations,
        groups=pairs.groups,
        comparisons=comparisons(pairs, _order(pairs.groups, recipe, networks)),
        networks=networks,
    )
    write_json(files.run.judgement, judgement)
    return judgement


def _evaluations(models: Sequence[ScoredModel], replicates: int) -> dict[str, Evaluation]:
    return {model.name: evaluate(model.test, model.points, replicates=replicates) for model in models}


def _order(groups: Mapping[str, Group], recipe: Recipe, networks: NetworkComparison | None) -> list[str]:
    """Groups as the comparisons name them: as in the recipe; networks one by one, then the sweeps."""
    if networks is None:
        objectives: list[str] = list(recipe.student.objectives)
        ordered = [name for each in objectives for name in groups if groups[name].learned_by(each)]
        return list(dict.fromkeys([*ordered, *groups]))
    sweeps = (networks.temperature, networks.batch_size)
    of_sweeps = [point.group for sweep in sweeps for point in sweep.points]
    return list(dict.fromkeys([*networks.main_groups, *of_sweeps, *groups]))


def _scored(models: Sequence[tuple[ModelFolder, ModelSummary]]) -> list[ScoredModel]:
    """The finished models with their predictions, thresholds chosen on the validation rows."""
    tables = [(folder.predictions, read_predictions(folder.predictions)) for folder, _ in models]
    for path, table in tables:
        if "test" not in table.split:
            raise damaged(path, "no row of the test split")
    tests = aligned([(str(path), table.of_split("test")) for path, table in tables])
    return [
        ScoredModel(
            name=folder.path.name,
            group=summary.group,
            test=test,
            points=operating_points(table.of_split("val")),
            summary=summary,
        )
        for (folder, summary), (_, table), test in zip(models, tables, tests, strict=True)
    ]


def _stored(path: Path) -> Judgement | None:
    """What is stored; None where nothing is, or what cannot be read."""
    try:
        return read_json(path, Judgement)
    except UserError:
        return None


def _digest(files: RunFiles) -> str:
    """Of everything that the figures are computed from, and by; a missing file counts as an empty one."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(f"{__version__} {VERSION} {files.manifest.data.synthetic}".encode())
    run = files.run
    paths = [run.recipe, run.split, run.benchmark, run.failed]
    for folder, _ in files.models:
        paths += [folder.summary, folder.predictions]
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        digest.update(
            f"{path.relative_to(run.path)} {len(content)} ".encode(errors="surrogateescape") + content
        )
    return digest.hexdigest()


def _check_is_ours(path: Path) -> None:
    open_output(path, "run folder", expected="a judgement that this program wrote", is_ours=_is_ours)


def _is_ours(path: Path) -> bool:
    """Of this version or another."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and {"version", "made_from"} <= set(content)
