from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
import torch

from dermdistill.config import Recipe, load_recipe
from dermdistill.data.images import InputSpec
from dermdistill.errors import UserError
from dermdistill.json_files import write_json
from dermdistill.pipeline.opening import open_run
from dermdistill.pipeline.plan import Cell, Plan, RunContext, cells_of, teacher_cells
from dermdistill.pipeline.prepare import DataOptions
from dermdistill.pipeline.reuse import refuse_other_results
from dermdistill.runs import ModelSummary, RunFolder


def teacher_of(members: int, *, seed: int = 0) -> Recipe:
    """Two members or more, or the lone teacher; its students are one by labels and one distilled."""
    return Recipe.model_validate({"name": "r", "teacher": {"members": members, "seed": seed}})


def plan_of(recipe: Recipe) -> Plan:
    assigned = SimpleNamespace(classes=("other", "melanoma"), digest="d")
    images = {recipe.teacher_size: SimpleNamespace(key="k")}
    # As before large images were halved, which made every training another one.
    spec = InputSpec(32, halving=None)

    def input_of(cell: Cell) -> InputSpec:
        one_size = recipe.teacher_size == recipe.data.size
        return spec if one_size else replace(spec, size=recipe.input_size(cell.role))

    context = SimpleNamespace(recipe=recipe, assigned=assigned, images=images, input_of=input_of)
    return Plan.of(cells_of(recipe), cast(RunContext, context))


def identities(recipe: Recipe) -> dict[str, str]:
    return dict(plan_of(recipe).identities)


def test_finished_models_of_earlier_versions_keep_their_identity(tmp_path: Path) -> None:
    """Or nobody could go on with a run of theirs; on images, which no processor draws differently."""
    recipe = Recipe.model_validate(
        {
            "name": "r",
            "data": {"size": 32},
            "synthetic": {"lesions": 12},
            "teacher": {"model": "resnet10t", "weights": "none", "members": 2, "epochs": 2},
            "student": {"objectives": ["labels", "hinton"], "epochs": 2, "cycles": 2},
            "compare": {"networks": [{"model": "dermlet", "weights": "none"}], "temperatures": [3]},
        }
    )
    options, run, device = DataOptions(("synthetic",)), RunFolder(tmp_path), torch.device("cpu")
    plan, _ = open_run(recipe, options, run, cells_of(recipe), device=device, command="")
    assert plan.identities == {
        "teacher-seed0": "4fed8ea432b23ecd",
        "teacher-seed1": "78b14201120e3510",
        "teacher": "25abbce9ea217fd2",
        "dsnet-labels-seed0": "cb483c4ac1148f69",
        "dsnet-hinton-seed0": "c1d63bd000796553",
        "dermlet-labels-seed0": "2d904df2698c7f5c",
        "dermlet-hinton-seed0": "4cde930b61b23435",
        "dsnet-hinton-T3-seed0": "78448c397d86efe1",
    }


def test_a_lone_teacher_keeps_the_identity_that_it_had_before_there_were_members() -> None:
    assert identities(teacher_of(1)) == {
        "teacher": "5f7859c540955472",
        "dsnet-labels-seed0": "9d13a4a6b2bfd723",
        "dsnet-hinton-seed0": "1baf861323124d30",
    }


def test_a_size_that_is_the_students_too_is_no_other_teacher() -> None:
    said = Recipe.model_validate({"name": "r", "teacher": {"size": 224}})
    assert identities(said) == identities(teacher_of(1))


def test_a_teacher_that_sees_more_does_not_depend_on_what_its_students_see() -> None:
    """Each network's images are compressed in its own size."""
    found = [
        identities(
            Recipe.model_validate(
                {"name": "r", "data": {"size": size}, "teacher": {"size": 300}, "augment": {"jpeg": 0.5}}
            )
        )
        for size in (112, 128)
    ]
    assert found[0]["teacher"] == found[1]["teacher"]


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


def test_only_the_teacher_of_a_student_teaches() -> None:
    plan = plan_of(teacher_of(2))
    assert [cell.name for cell in plan.cells if plan.teaches(cell)] == ["teacher"]
    alone = Plan(tuple(cell for cell in plan.cells if not cell.distils), plan.identities)
    assert not any(alone.teaches(cell) for cell in alone.cells)


def test_every_cell_comes_after_those_that_it_needs() -> None:
    plan = plan_of(load_recipe("demo", ["teacher.members=2", "student.seeds=[0, 1]"]))
    needs = {cell.name: [each.name for each in plan.needs(cell)] for cell in plan.cells}
    assert needs["teacher"] == ["teacher-seed0", "teacher-seed1"]
    assert needs["teacher-seed0"] == needs["dsnet-labels-seed1"] == []
    assert needs["dsnet-hinton-seed1"] == needs["dsnet-hinton-T20-seed0"] == ["teacher"]
    names = [cell.name for cell in plan.cells]
    assert len(set(names)) == len(names)
    for name, needed in needs.items():
        assert all(names.index(each) < names.index(name) for each in needed)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (["student.objectives=['kd']"], r"demo: no objective 'kd'; expected some of labels, hinton, as-publ"),
        (
            ["student.objectives=['labels', 'as-published']", "student.class_weights=sqrt"],
            "student.class_weights must be 'none' with the objective as-published",
        ),
        (["student.weights=imagenet"], "model 'dsnet': no first weights 'imagenet'; its weights must be 'no"),
        (["compare.networks=[{model='resnet5'}]"], "model 'resnet5': timm has no such model"),
        (["compare.networks=[{model='dsnet', weights='none'}]"], "compare.networks must not name dsnet"),
        (["student.model=dermlet", "compare.networks=[{model='dsnet'}]"], "'dsnet': no first weights 'imag"),
        (["student.objectives=['labels']"], "need 'hinton' in student.objectives"),
        (["teacher.members=['resnet18', 'resnet5']"], "model 'resnet5': timm has no such model"),
    ],
)
def test_what_does_not_exist_or_fit_is_one_line(changes: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        cells_of(load_recipe("demo", changes))
    assert "\n" not in str(caught.value)


def write_summary(name: str, plan: Plan, run: RunFolder) -> None:
    cell = next(cell for cell in plan.cells if cell.name == name)
    summary = ModelSummary(
        name=cell.name,
        group=cell.group,
        role=cell.role,
        architecture=cell.architecture,
        objective=cell.objective,
        seed=cell.seed,
        identity=plan.identities[cell.name],
        input_size=32,
        parameters=1,
        macs=1,
        weights_bytes=1,
        epochs=1,
        kept_epochs=(1,),
        training_seconds=1.0,
    )
    write_json(run.model(cell.name).summary, summary)


@pytest.mark.parametrize(("before", "now"), [(1, 2), (2, 1), (2, 3), (3, 2)])
def test_another_number_of_members_refuses_the_old_teacher(before: int, now: int, tmp_path: Path) -> None:
    old, run = plan_of(teacher_of(before)), RunFolder(tmp_path)
    write_summary("teacher", old, run)
    refuse_other_results(old, run)
    with pytest.raises(UserError, match="teacher: a model of another recipe"):
        refuse_other_results(plan_of(teacher_of(now)), run)


def test_members_trained_before_stay_when_more_are_asked_for(tmp_path: Path) -> None:
    old, run = plan_of(teacher_of(2)), RunFolder(tmp_path)
    for member in ("teacher-seed0", "teacher-seed1"):
        write_summary(member, old, run)
    refuse_other_results(plan_of(teacher_of(3)), run)
    with pytest.raises(UserError, match="teacher-seed0: a model of another recipe"):
        refuse_other_results(plan_of(teacher_of(1)), run)
