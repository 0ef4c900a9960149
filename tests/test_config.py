import tomllib
from pathlib import Path

import pytest

from dermdistill.config import (
    AugmentRecipe,
    DataRecipe,
    Recipe,
    StudentRecipe,
    TeacherRecipe,
    load_recipe,
    packaged_recipes,
    to_toml,
)
from dermdistill.errors import UserError
from dermdistill.pipeline.plan import compared_cells


@pytest.mark.parametrize("name", packaged_recipes())
def test_packaged_recipes_are_valid_and_survive_a_round_trip(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert Recipe.model_validate(tomllib.loads(to_toml(recipe))) == recipe


def test_paper_recipe_is_the_papers() -> None:
    recipe = load_recipe("paper")
    teacher, student = recipe.teacher, recipe.student
    assert (recipe.data.size, recipe.data.target) == (224, "binary")
    assert (teacher.model, teacher.weights, teacher.optimizer) == ("resnet50", "imagenet", "adam")
    assert (teacher.learning_rate, teacher.batch_size, teacher.epochs) == (1e-4, 64, 10)
    assert (student.optimizer, student.learning_rate, student.batch_size) == ("adadelta", 1e-3, 64)
    assert (student.epochs, student.temperature, student.hard_weight) == (20, 10, 0.1)
    assert not any(recipe.augment.model_dump().values())


def test_overrides_change_single_entries() -> None:
    recipe = load_recipe("demo", ["student.epochs=3", "student.seeds=[4, 5]", "teacher.model=resnet18"])
    assert recipe.student.epochs == 3
    assert recipe.student.seeds == (4, 5)
    assert recipe.teacher.model == "resnet18"
    assert recipe.student.objectives == load_recipe("demo").student.objectives


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("student.epoch=3", r"unknown key 'student\.epoch'; did you mean 'student\.epochs'\?"),
        ("stduent.epochs=3", r"unknown key 'stduent'; did you mean 'student'\?"),
        ("qqq=3", "unknown key 'qqq'; known keys: name, data, data.size"),
        ("student.epochs=0", r"student\.epochs = 0: Input should be greater than or equal to 1"),
        ("student.cycles=3", r"student\.epochs must be a multiple of cycles, 3, not 8"),
        ("teacher.cycles=4", r"teacher\.epochs must be a multiple of cycles, 4, not 10"),
        ("student.cycles=4", r"epochs of mobilenetv1_100 must be a multiple of cycles, 4, not 2"),
        ("teacher.members=0", r"teacher\.members = 0: expected a number from 1 on, or at least two names"),
        ("data.size=abc", r"data\.size = 'abc': Input should be a valid integer"),
        ("data.size=17", r"data\.size = 17: Input should be greater than or equal to 18"),
        ("data.fractions=[0.5, 0.1, 0.1]", "three positive shares that add up to 1"),
        ("student.seeds=[1, 1]", r"student\.seeds must name at least one, each once"),
        ("student.epochs", r"expected section\.key=value"),
        ("name.deep=1", "'name' is not a section"),
    ],
)
def test_wrong_overrides_cost_one_clear_line(override: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_recipe("demo", [override])
    assert "\n" not in str(caught.value)


def test_a_recipe_file_is_read_and_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[student]\nepochs = 7\n")
    recipe = load_recipe(str(path))
    assert (recipe.name, recipe.student.epochs) == ("mine", 7)


def test_unknown_recipe_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"papr: no such recipe; name one of comparison, cpu, demo, paper"):
        load_recipe("papr")


def test_bad_toml_names_the_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.toml"
    path.write_text("[student\n")
    with pytest.raises(UserError, match=r"bad\.toml: not valid TOML .*line 1"):
        load_recipe(str(path))


def test_entries_that_came_later_leave_older_runs_their_identity() -> None:
    """The digest of what shapes a training must not change for a recipe that leaves them alone."""
    first = {"rotate", "flip", "scale", "shift", "brightness", "contrast", "saturation", "channel"}
    assert set(AugmentRecipe().shaping()) == first
    assert set(AugmentRecipe(flip=False, scale=0, hair=0.1).shaping()) == {*first, "hair"}
    assert "weights" not in StudentRecipe(model="dermlet").shaping()
    assert StudentRecipe(model="dermlet", weights="imagenet").shaping()["weights"] == "imagenet"
    assert "weights" in TeacherRecipe().shaping()
    assert not {"members", "cycles"} & TeacherRecipe().shaping().keys()
    assert StudentRecipe(cycles=2).shaping()["cycles"] == 2


def test_recipes_of_runs_that_could_balance_their_sources_are_read(tmp_path: Path) -> None:
    path = tmp_path / "older.toml"
    path.write_text('[data]\nsize = 96\nbalance = "none"\n')
    assert load_recipe(str(path)).data == DataRecipe(size=96)
    path.write_text('[data]\nbalance = "source-and-class"\n')
    with pytest.raises(UserError, match=r"older\.toml: .*data\.balance is no longer there"):
        load_recipe(str(path))


def test_a_compared_network_takes_the_students_recipe_but_for_what_it_says(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        "[student]\nepochs = 7\nseeds = [0, 1]\n"
        "[compare]\nnetworks = [{ model = 'vgg16', weights = 'none', learning_rate = 1e-4, seeds = [3] }]\n"
    )
    recipe = load_recipe(str(path))
    assert tomllib.loads(to_toml(recipe))["compare"]["networks"] == [
        {"model": "vgg16", "weights": "none", "learning_rate": 1e-4, "seeds": [3]}
    ]
    assert Recipe.model_validate(tomllib.loads(to_toml(recipe))) == recipe
    cells = compared_cells(recipe)
    assert [cell.name for cell in cells] == ["vgg16-labels-seed3", "vgg16-hinton-seed3"]
    trained = cells[0].recipe
    assert (trained.learning_rate, trained.epochs) == (1e-4, 7)


def test_the_paper_recipe_compares_what_the_paper_does() -> None:
    recipe = load_recipe("paper")
    assert recipe.compare is not None
    assert {network.model for network in recipe.compare.networks} == {
        *("mobilenetv1_100", "vgg16", "inception_v3", "efficientnet_b0", "resnet50", "resnet101")
    }
    assert recipe.compare.temperatures == (3, 5, 7, 10, 20, 70, 90, 100)
    assert recipe.compare.batch_sizes == (18, 32, 64, 96)
    names = [cell.name for cell in compared_cells(recipe)]
    # The points of the student's own temperature and batch size are the student itself.
    assert "dsnet-hinton-T3-seed0" in names
    assert not [name for name in names if "T10-" in name or "batch64" in name]
    assert len(names) == len(set(names)) == 6 * 3 * 3 + 7 * 3 + 3 * 3


def test_members_are_a_number_or_the_networks_names() -> None:
    alike = TeacherRecipe(model="resnet18", members=2)
    assert alike.networks == ("resnet18", "resnet18")
    mixed = TeacherRecipe(members=("resnet18", "vgg11"))
    assert mixed.networks == ("resnet18", "vgg11")
    recipe = Recipe(name="mixed", teacher=mixed)
    assert Recipe.model_validate(tomllib.loads(to_toml(recipe))) == recipe
    for wrong in (0, ("resnet18",), ()):
        with pytest.raises(ValueError, match="expected a number from 1 on"):
            TeacherRecipe.model_validate({"members": wrong})


def test_a_teacher_sees_at_least_as_much_as_its_student() -> None:
    assert Recipe.model_validate({"name": "r", "data": {"size": 64}}).teacher_size == 64
    larger = {"name": "r", "data": {"size": 64}, "teacher": {"size": 96}}
    assert Recipe.model_validate(larger).teacher_size == 96
    with pytest.raises(UserError, match=r"teacher\.size must be at least data\.size, 224, not 96"):
        load_recipe("paper", ["teacher.size=96"])


def test_one_weights_file_cannot_be_that_of_different_members() -> None:
    with pytest.raises(UserError, match=r"teacher\.weights must be 'imagenet' or 'none'"):
        load_recipe("demo", ['teacher.members=["resnet18", "vgg11"]', "teacher.weights=file.pth"])
    assert TeacherRecipe(members=("vgg11", "vgg11"), weights="file.pth").weights == "file.pth"
