from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from dermdistill.config import Recipe
from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.json_files import write_json
from dermdistill.models import zoo
from dermdistill.models.dermlet import Dermlet
from dermdistill.pipeline.cells import (
    Bench,
    Cell,
    _identity,
    refuse_other_results,
    student_cells,
    teacher_cell,
    teacher_cells,
    untrained,
)
from dermdistill.runs import ModelSummary, RunFolder


def dermlet(weights: str, seed: int = 0) -> dict[str, torch.Tensor]:
    recipe = Recipe.model_validate({"name": "r", "student": {"model": "dermlet", "weights": weights}})
    bench = SimpleNamespace(
        recipe=recipe, assigned=SimpleNamespace(classes=("other", "melanoma")), spec=InputSpec(32)
    )
    torch.manual_seed(seed)
    network = untrained(student_cells(recipe)[0], cast(Bench, bench))
    assert isinstance(network, Dermlet)
    return dict(network.state_dict())


def test_a_student_may_start_from_imagenet_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        zoo, "_load_imagenet", lambda backbone, name: torch.nn.init.ones_(backbone.conv_stem.weight)
    )
    started, other = dermlet("imagenet"), dermlet("imagenet", seed=1)
    assert (started["features.0.weight"] == 1).all()
    assert not (dermlet("none")["features.0.weight"] == 1).all()
    # The seed still decides what is not in those weights, and asking for them changes nothing of that.
    assert torch.equal(started["head.4.weight"], dermlet("none")["head.4.weight"])
    assert not torch.equal(started["head.4.weight"], other["head.4.weight"])


def teacher_of(members: int, *, seed: int = 0) -> Recipe:
    """Two members or more, or the lone teacher; its students are one by labels and one distilled."""
    return Recipe.model_validate({"name": "r", "teacher": {"members": members, "seed": seed}})


def bench_of(recipe: Recipe, run: Path = Path()) -> Bench:
    assigned = SimpleNamespace(classes=("other", "melanoma"), digest="d")
    images = SimpleNamespace(key="k")
    # As before large images were halved, which made every training another one.
    spec = InputSpec(32, halving=None)
    return cast(
        Bench,
        SimpleNamespace(recipe=recipe, run=RunFolder(run), assigned=assigned, images=images, spec=spec),
    )


def identities(recipe: Recipe) -> dict[str, str]:
    cells = [*teacher_cells(recipe), *student_cells(recipe)]
    return {cell.name: _identity(cell, bench_of(recipe)) for cell in cells}


def test_a_lone_teacher_keeps_the_identity_that_it_had_before_there_were_members() -> None:
    assert identities(teacher_of(1)) == {
        "teacher": "5f7859c540955472",
        "dsnet-labels-seed0": "9d13a4a6b2bfd723",
        "dsnet-hinton-seed0": "1baf861323124d30",
    }


def test_cycles_that_are_averaged_are_other_models_than_those_that_were_not() -> None:
    """Whose identities these are."""
    recipe = Recipe.model_validate({"name": "r", "student": {"epochs": 8, "cycles": 2}})
    found = identities(recipe)
    assert found["teacher"] == identities(teacher_of(1))["teacher"]
    assert found["dsnet-labels-seed0"] != "3f014c23d2fc9e6b"
    assert found["dsnet-hinton-seed0"] != "fa7a71e7bc018476"


def test_members_come_before_the_teacher_that_is_composed_of_them() -> None:
    assert [(cell.name, cell.seed, cell.architecture) for cell in teacher_cells(teacher_of(2, seed=3))] == [
        ("teacher-seed3", 3, "resnet50"),
        ("teacher-seed4", 4, "resnet50"),
        ("teacher", 3, "resnet50*2"),
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_a_member_is_the_lone_teacher_of_its_seed(seed: int) -> None:
    assert identities(teacher_of(2))[f"teacher-seed{seed}"] == identities(teacher_of(1, seed=seed))["teacher"]


def test_another_member_makes_another_teacher_and_another_distilled_student() -> None:
    one, two, three, others = (identities(teacher_of(n, seed=s)) for n, s in ((1, 0), (2, 0), (3, 0), (2, 1)))
    for name in ("teacher", "dsnet-hinton-seed0"):
        assert len({run[name] for run in (one, two, three, others)}) == 4
    assert len({run["dsnet-labels-seed0"] for run in (one, two, three, others)}) == 1


def write_summary(cell: Cell, bench: Bench) -> None:
    summary = ModelSummary(
        name=cell.name,
        group=cell.group,
        role=cell.role,
        architecture=cell.architecture,
        objective=cell.objective,
        seed=cell.seed,
        identity=_identity(cell, bench),
        input_size=32,
        parameters=1,
        macs=1,
        weights_bytes=1,
        epochs=1,
        kept_epochs=(1,),
        training_seconds=1.0,
    )
    write_json(bench.run.model(cell.name).summary, summary)


@pytest.mark.parametrize(("before", "now"), [(1, 2), (2, 1), (2, 3), (3, 2)])
def test_another_number_of_members_refuses_the_old_teacher(before: int, now: int, tmp_path: Path) -> None:
    old, new = bench_of(teacher_of(before), tmp_path), bench_of(teacher_of(now), tmp_path)
    write_summary(teacher_cell(old.recipe), old)
    refuse_other_results(teacher_cells(old.recipe), old)
    with pytest.raises(UserError, match="teacher: a model of another recipe"):
        refuse_other_results(teacher_cells(new.recipe), new)


def test_members_trained_before_stay_when_more_are_asked_for(tmp_path: Path) -> None:
    old, new = bench_of(teacher_of(2), tmp_path), bench_of(teacher_of(3), tmp_path)
    for member in teacher_cell(old.recipe).members:
        write_summary(member, old)
    refuse_other_results(teacher_cells(new.recipe), new)
    with pytest.raises(UserError, match="teacher-seed0: a model of another recipe"):
        refuse_other_results(teacher_cells(teacher_of(1)), bench_of(teacher_of(1), tmp_path))
