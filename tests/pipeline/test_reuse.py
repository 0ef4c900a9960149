"""A run folder with models of another recipe says which entry differs."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dermdistill.config import Recipe, to_toml
from dermdistill.errors import UserError
from dermdistill.json_files import write_json
from dermdistill.pipeline.assigned import Assigned
from dermdistill.pipeline.plan import compared_cells, student_cells, teacher_cells
from dermdistill.pipeline.reuse import refuse_other_images, refuse_other_recipe
from dermdistill.runs import DataSummary, RunFolder, RunManifest

NETWORKS = {"networks": [{"model": "resnet18"}]}


def recipe(**sections: Any) -> Recipe:
    return Recipe.model_validate({"name": "r", **sections})


def begun(path: Path, old: Recipe, *models: str) -> RunFolder:
    """A run folder of this recipe, in which these models are finished."""
    run = RunFolder(path)
    path.mkdir(exist_ok=True)
    run.recipe.write_text(to_toml(old))
    for model in models:
        run.model(model).path.mkdir(parents=True)
        run.model(model).summary.touch()
    return run


def refuse(new: Recipe, run: RunFolder, *, synthetic: bool = False, compare: bool = False) -> None:
    cells = [*teacher_cells(new), *student_cells(new), *(compared_cells(new) if compare else ())]
    refuse_other_recipe(new, cells, run, synthetic=synthetic)


ALL = ("teacher", "dsnet-labels-seed0", "dsnet-hinton-seed0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"teacher": {"epochs": 20}}, "teacher: .*(teacher.epochs: 10 -> 20)"),
        ({"student": {"temperature": 4}}, "dsnet-labels-seed0: .*(student.temperature: 10.0 -> 4.0)"),
        ({"augment": {"hair": 0.5}}, "teacher: .*(augment.hair: 0.0 -> 0.5)"),
        (
            {"data": {"size": 64, "target": "diagnoses"}},
            "(data.size: 224 -> 64, data.target: binary -> diagnoses)",
        ),
        ({"teacher": {"members": 3}}, "teacher: .*(teacher.members: 1 -> 3)"),
        ({"teacher": {"size": 300}}, "teacher: .*(teacher.size: 224 -> 300)"),
        ({"student": {"seeds": [1]}}, "(student.seeds: [0] -> [1])"),
        ({"student": {"model": "resnet18"}}, "(student.model: dsnet -> resnet18)"),
        ({"student": {"objectives": ["labels"]}}, "(student.objectives: ['labels', 'hinton'] -> ['labels'])"),
    ],
)
def test_the_entry_is_named(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), *ALL)
    pattern = said.replace("(", r"\(").replace(")", r"\)").replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(UserError, match=f"{pattern}; choose another --output or delete that folder$"):
        refuse(recipe(**change), run)


def test_a_distilled_student_depends_on_the_teachers_entries(tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), "dsnet-hinton-seed0")
    with pytest.raises(UserError, match=r"dsnet-hinton-seed0: .*\(teacher\.learning_rate: 0\.001 -> 0\.01\)"):
        refuse(recipe(teacher={"learning_rate": 0.01}), run)
    alone = begun(tmp_path / "other", recipe(), "dsnet-labels-seed0")
    refuse(recipe(teacher={"learning_rate": 0.01}), alone)
    # The training images of all students are changed at the teacher's size.
    with pytest.raises(UserError, match=r"dsnet-labels-seed0: .*\(teacher\.size: 224 -> 300\)"):
        refuse(recipe(teacher={"size": 300}), alone)


@pytest.mark.parametrize(
    "change",
    [
        {"name": "another"},
        {"student": {"seeds": [0, 1, 2]}},
        {"student": {"objectives": ["labels", "hinton", "as-published"]}},
        {"evaluation": {"replicates": 300}},
        {"compare": NETWORKS},
        {"data": {"split_seed": 7}},  # where the source has its own split it changes nothing
        {"synthetic": {"seed": 5}},  # of no concern to photographs
    ],
)
def test_entries_that_change_no_model_are_allowed(change: dict[str, Any], tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), *ALL)
    refuse(recipe(**change), run)


def test_a_teacher_of_its_own_size_does_not_depend_on_the_students(tmp_path: Path) -> None:
    larger = {"size": 300}
    run = begun(tmp_path, recipe(teacher=larger), "teacher")
    refuse(recipe(teacher=larger, data={"size": 96}), run)
    refuse(recipe(teacher={"size": 224}), begun(tmp_path / "same", recipe(), *ALL))
    run = begun(tmp_path / "all", recipe(teacher=larger), "dsnet-labels-seed0")
    with pytest.raises(UserError, match=r"dsnet-labels-seed0: .*\(data\.size: 224 -> 96\)"):
        refuse(recipe(teacher=larger, data={"size": 96}), run)


def test_procedural_images_are_of_the_recipe(tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), *ALL)
    with pytest.raises(UserError, match=r"\(synthetic\.seed: 0 -> 5\)"):
        refuse(recipe(synthetic={"seed": 5}), run, synthetic=True)


def test_models_of_a_comparison(tmp_path: Path) -> None:
    old = recipe(compare=NETWORKS)
    run = begun(tmp_path, old, *ALL, "resnet18-labels-seed0")
    refuse(old, run, compare=True)
    with pytest.raises(UserError, match=r"resnet18-labels-seed0: .*\(this command makes no such model\)"):
        refuse(old, run)
    slower = recipe(compare={"networks": [{"model": "resnet18", "epochs": 20}]})
    with pytest.raises(UserError, match=r"\(compare\.networks resnet18\.epochs: 10 -> 20\)"):
        refuse(slower, run, compare=True)


def test_many_entries_are_counted(tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), *ALL)
    changes = {
        "rotate": False,
        "flip": False,
        "scale": 0,
        "shift": 0,
        "brightness": 0,
        "contrast": 0,
        "hair": 1,
    }
    with pytest.raises(UserError, match=r"augment\.brightness: 0\.2 -> 0\.0 and 2 more\)"):
        refuse(recipe(augment=changes), run)


def test_a_new_folder_or_one_with_copied_models_is_left_alone(tmp_path: Path) -> None:
    refuse(recipe(), RunFolder(tmp_path / "new"))
    copied = begun(tmp_path, recipe(), "teacher-seed0")
    refuse(recipe(teacher={"epochs": 20}), copied)
    copied.recipe.unlink()
    refuse(recipe(teacher={"epochs": 20}), copied)


def assigned(images: int, digest: str) -> Assigned:
    return cast(Assigned, SimpleNamespace(digest=digest, dataset=SimpleNamespace(records=range(images))))


@pytest.mark.parametrize(
    ("images", "change", "said"),
    [
        (40, {}, "30 images then, 40 now"),
        (30, {}, "as many images, but not the same"),
        (30, {"data": {"split_seed": 3}}, "data.split_seed: 0 -> 3"),
    ],
)
def test_other_images_are_refused(images: int, change: dict[str, Any], said: str, tmp_path: Path) -> None:
    run = begun(tmp_path, recipe(), "teacher")
    data = DataSummary(
        layout="folder",
        paths=("x",),
        synthetic=False,
        notes=(),
        images=30,
        lesions=30,
        counts={},
        split_digest="a",
    )
    manifest = RunManifest(recipe_name="r", command="c", data=data, environment={}, started="now")
    write_json(run.manifest, manifest)
    refuse_other_images(recipe(), assigned(30, "a"), run)
    with pytest.raises(UserError, match=rf"models of other images or another split \({said}\)"):
        refuse_other_images(recipe(**change), assigned(images, "b"), run)
