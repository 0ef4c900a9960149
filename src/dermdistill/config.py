"""Recipes: every choice of a run in one TOML file, checked before any work.

A recipe is a packaged name (``demo``, ``paper``, ...) or a TOML file; ``--set key=value`` changes single
entries. Unknown keys and wrong values cost one line that names the nearest valid key.
"""

import difflib
import tomllib
from collections.abc import Iterable, Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

import tomli_w
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dermdistill.errors import UserError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    later: ClassVar[frozenset[str]] = frozenset()
    resources: ClassVar[frozenset[str]] = frozenset()

    def shaping(self) -> dict[str, Any]:
        """The entries, as JSON can hold them, for a digest of all that shapes a training.

        Entries that were added to the program later count only where they differ from their default, which
        changes nothing, so that older runs keep their identity. What a training runs on (``resources``) does
        not shape it.
        """
        entries = self.model_dump(mode="json", exclude=set(self.resources))
        return {
            key: value
            for key, value in entries.items()
            if key not in self.later or value != type(self).model_fields[key].default
        }


Role = Literal["teacher", "student"]
"""What a network is for."""


class DataRecipe(_Section):
    """How records become inputs and targets.

    Attributes:
        size: side of the square input, pixels; that of a teacher may be larger (``teacher.size``).
        target: ``binary`` (melanoma or not) or ``diagnoses`` (all of the source; P(melanoma) is one entry).
        fractions: shares of train, validation and test where the source gives no split.
        split_seed: fixes the split; runs that are to be compared share it.
    """

    size: int = Field(224, ge=18, le=1024)
    target: Literal["binary", "diagnoses"] = "binary"
    fractions: tuple[float, float, float] = (0.7, 0.1, 0.2)
    split_seed: int = Field(0, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _balance_is_gone(cls, entries: Any) -> Any:
        """Recipes of earlier runs say ``balance = "none"``, which is how all networks are trained."""
        if not isinstance(entries, dict) or "balance" not in entries:
            return entries
        if entries["balance"] != "none":
            raise ValueError("data.balance is no longer there: it made students worse; remove the entry")
        return {key: value for key, value in entries.items() if key != "balance"}

    @model_validator(mode="after")
    def _fractions_make_one(self) -> Self:
        if min(self.fractions) <= 0 or abs(sum(self.fractions) - 1) > 1e-6:
            raise ValueError("data.fractions must be three positive shares that add up to 1")
        return self


class SyntheticRecipe(_Section):
    """The procedural images of ``--data synthetic``.

    Attributes:
        lesions: number of lesions; each has one to three images.
        difficulty: 0 (melanoma and nevus differ plainly) to 1 (they hardly differ).
        seed: another seed draws another set.
    """

    lesions: int = Field(600, ge=1)
    difficulty: float = Field(0.5, ge=0, le=1)
    seed: int = Field(0, ge=0)


class AugmentRecipe(_Section):
    """Random changes of training images; teacher and student see the same, each in its own size.

    Attributes:
        rotate: any angle, with mirrored borders.
        flip: left-right and up-down, each with probability one half.
        scale: largest relative zoom, in or out; 0.2 draws from 1/1.2 to 1.2.
        stretch: largest relative enlargement of width and of height, each on its own; 1/3 draws from 1 to
            4/3. A centre square of a 4:3 photograph differs by that from the whole frame made square.
        shift: largest shift in either direction as a share of the side.
        brightness, contrast, saturation: largest relative change.
        channel: largest relative gain of each colour channel on its own (white balance).
        blur: largest standard deviation of a Gaussian blur, as a share of the side.
        hair: share of the images with hair drawn over them.
        corners: share of the images with dark corners drawn over them.
        frames: share of the images with a dark frame drawn around them.
        reflections: share of the images with white reflections drawn over them.
        stickers: share of the images with a coloured disc drawn beside their middle.
        jpeg: share of the images that are compressed as JPEG, at qualities from 20 to 95, when their side is
            one to two times that of the network's input.
        views: how many changed copies of each image are made once and kept on disk, one for each epoch in
            turn, in the input size of each network; all trainings share them, and the teacher answers each of
            them once. 0 changes every batch anew.
    """

    later: ClassVar[frozenset[str]] = frozenset(
        {"stretch", "blur", "hair", "corners", "frames", "reflections", "stickers", "jpeg", "views"}
    )

    rotate: bool = True
    flip: bool = True
    scale: float = Field(0.2, ge=0, le=1)
    stretch: float = Field(0.0, ge=0, le=1)
    shift: float = Field(0.1, ge=0, le=0.5)
    brightness: float = Field(0.2, ge=0, lt=1)
    contrast: float = Field(0.2, ge=0, lt=1)
    saturation: float = Field(0.2, ge=0, lt=1)
    channel: float = Field(0.05, ge=0, lt=1)
    blur: float = Field(0.0, ge=0, le=0.1)
    hair: float = Field(0.0, ge=0, le=1)
    corners: float = Field(0.0, ge=0, le=1)
    frames: float = Field(0.0, ge=0, le=1)
    reflections: float = Field(0.0, ge=0, le=1)
    stickers: float = Field(0.0, ge=0, le=1)
    jpeg: float = Field(0.0, ge=0, le=1)
    views: int = Field(0, ge=0, le=999)


def _fraction_or_whole(gpus: float) -> float:
    if gpus > 1 and gpus % 1:
        raise ValueError("expected a fraction of one GPU, or a whole number")
    return gpus


Gpus = Annotated[float, Field(ge=0), AfterValidator(_fraction_or_whole)]


class TrainingRecipe(_Section):
    """How one network is trained.

    Attributes:
        warmup_epochs: linear warm-up of the learning rate; fractions of an epoch are fine.
        schedule: ``cosine`` falls to zero at the last step; ``constant`` stays after the warm-up.
        cycles: equal parts of the epochs, each with its own schedule, begun from the best weights of the part
            before (warm restarts, Loshchilov and Hutter 2017). Of several the average of their best weights
            is kept, with batch-norm statistics of its own (Izmailov et al. 2018).
        class_weights: weight of a class in the hard-label loss: ``none``, ``balanced`` (1 / its frequency) or
            ``sqrt`` (the square root of that). Weighting moves the probabilities.
        cpus: cores that a training has on a cluster (``--cluster``), and its threads there.
        gpus: GPUs that it has there: a fraction shares one, several train one network together. None takes
            one where the cluster has GPUs.
    """

    later: ClassVar[frozenset[str]] = frozenset({"cycles"})
    resources: ClassVar[frozenset[str]] = frozenset({"cpus", "gpus"})

    epochs: int = Field(10, ge=1)
    batch_size: int = Field(64, ge=2)
    optimizer: Literal["adamw", "adam", "adadelta"] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    weight_decay: float = Field(0.01, ge=0)
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_epochs: float = Field(1.0, ge=0)
    cycles: int = Field(1, ge=1)
    class_weights: Literal["none", "sqrt", "balanced"] = "none"
    cpus: int = Field(1, ge=1)
    gpus: Gpus | None = None


class TeacherRecipe(TrainingRecipe):
    """The large network.

    Attributes:
        model: any timm model.
        weights: ``imagenet``, ``none``, or a file of weights made by this program or by timm.
        size: side of its square input, pixels; at least ``data.size``, which None takes. Training images are
            then changed at this size. A student sees the same changes, made smaller; each network's images
            are compressed in its own size.
        members: how many networks, or the timm name of each (instead of ``model``); they have the seeds
            ``seed``, ``seed + 1``, ... and are trained one by one; the teacher is the mean of their logits.
    """

    later: ClassVar[frozenset[str]] = TrainingRecipe.later | {"members", "size"}

    model: str = "resnet50"
    weights: str = "imagenet"
    seed: int = Field(0, ge=0)
    size: int | None = Field(None, ge=18, le=1024)
    members: Annotated[int | tuple[str, ...], Field(union_mode="smart")] = 1

    @property
    def networks(self) -> tuple[str, ...]:
        """The network of each member, in the order of their seeds."""
        return (self.model,) * self.members if isinstance(self.members, int) else self.members

    @model_validator(mode="after")
    def _members_make_a_teacher(self) -> Self:
        if len(self.networks) < 1 or (not isinstance(self.members, int) and len(self.members) < 2):
            raise ValueError(
                f"teacher.members = {self.members!r}: expected a number from 1 on, or at least two names"
            )
        return self

    @model_validator(mode="after")
    def _weights_fit_every_member(self) -> Self:
        if len(set(self.networks)) > 1 and self.weights not in ("imagenet", "none"):
            raise ValueError("teacher.weights must be 'imagenet' or 'none' where members are named")
        return self


def _check_each_once(key: str, values: tuple[object, ...]) -> None:
    if not values or len(set(values)) != len(values):
        raise ValueError(f"{key} must name at least one, each once")


class StudentRecipe(TrainingRecipe):
    """The small network, trained once for every objective and seed.

    Attributes:
        model: of ``models.registry``: ``dsnet``, the paper's; ``dermlet``, ours; or any timm model.
        weights: its first weights: ``none``, ``imagenet`` (for ``dermlet`` those of EfficientNet-Lite0), or a
            file, for a timm model.
        objectives: of ``distillation.objectives``; ``labels`` is the control without a teacher, keep it.
        temperature: T of the soft targets.
        hard_weight: weight of the hard-label loss; the soft loss has the rest.
        smoothed: whether the trained network sees its images smoothed (``InputSpec.smoothed``). Training does
            not smooth: augmentation has made its images softer than photographs.
    """

    later: ClassVar[frozenset[str]] = TrainingRecipe.later | {"weights", "smoothed"}

    model: str = "dsnet"
    weights: str = "none"
    objectives: tuple[str, ...] = ("labels", "hinton")
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = (0,)
    temperature: float = Field(10.0, gt=0)
    hard_weight: float = Field(0.1, ge=0, le=1)
    smoothed: bool = False

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        _check_each_once("student.objectives", self.objectives)
        _check_each_once("student.seeds", self.seeds)
        return self


class ComparedNetwork(_Section):
    """A network of `dermdistill compare`, trained as a student in place of the recipe's own.

    Attributes:
        model, weights: as in the section ``student``.
        seeds, epochs, learning_rate: None takes the student's; no one learning rate suits all networks.
        cpus, gpus: the same; a large network may need more.
    """

    model: str
    weights: str = "imagenet"
    seeds: tuple[Annotated[int, Field(ge=0)], ...] | None = None
    epochs: int | None = Field(None, ge=1)
    learning_rate: float | None = Field(None, gt=0)
    cpus: int | None = Field(None, ge=1)
    gpus: Gpus | None = None

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        if self.seeds is not None:
            _check_each_once("compare.networks.seeds", self.seeds)
        return self


class CompareRecipe(_Section):
    """What `dermdistill compare` trains beside teacher and student.

    Attributes:
        networks: each is trained with every objective of the student.
        temperatures, batch_sizes: the student is trained again, by ``hinton`` and with the same seeds, with
            each of these that is not its own.
        benchmark_rounds: how often each model has its turn when speed is measured.
        benchmark_images: how many images the whole commands predict whose time is measured.
    """

    networks: tuple[ComparedNetwork, ...] = ()
    temperatures: tuple[Annotated[float, Field(gt=0)], ...] = ()
    batch_sizes: tuple[Annotated[int, Field(ge=2)], ...] = ()
    benchmark_rounds: int = Field(10, ge=1)
    benchmark_images: int = Field(3000, ge=2)

    @model_validator(mode="after")
    def _no_repeats(self) -> Self:
        names = tuple(network.model for network in self.networks)
        entries = (
            ("networks", names),
            ("temperatures", self.temperatures),
            ("batch_sizes", self.batch_sizes),
        )
        for name, values in entries:
            if len(set(values)) != len(values):
                raise ValueError(f"compare.{name} must name each once")
        return self


class EvaluationRecipe(_Section):
    """Attributes: replicates: bootstrap resamples of every interval."""

    replicates: int = Field(2000, ge=100)


class Recipe(_Section):
    """Every choice of a run."""

    name: str
    data: DataRecipe = DataRecipe()
    synthetic: SyntheticRecipe = SyntheticRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    teacher: TeacherRecipe = TeacherRecipe()
    student: StudentRecipe = StudentRecipe()
    compare: CompareRecipe | None = None
    evaluation: EvaluationRecipe = EvaluationRecipe()

    @property
    def teacher_size(self) -> int:
        """Side of the teacher's input and of the training images when they are changed, pixels."""
        return self.teacher.size or self.data.size

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sides of the networks' inputs, pixels: one, or those of students and teacher."""
        return tuple(sorted({self.data.size, self.teacher_size}))

    def input_size(self, role: Role) -> int:
        """Side of the input of networks of this role, pixels."""
        return self.teacher_size if role == "teacher" else self.data.size

    @model_validator(mode="after")
    def _teacher_sees_most(self) -> Self:
        if self.teacher_size < self.data.size:
            raise ValueError(
                f"teacher.size must be at least data.size, {self.data.size}, not {self.teacher_size}"
            )
        return self

    @model_validator(mode="after")
    def _cycles_are_whole(self) -> Self:
        compared = self.compare.networks if self.compare else ()
        trainings = (
            ("teacher.epochs", self.teacher.epochs, self.teacher.cycles),
            ("student.epochs", self.student.epochs, self.student.cycles),
            *((f"epochs of {each.model}", each.epochs or 0, self.student.cycles) for each in compared),
        )
        for key, epochs, cycles in trainings:
            if epochs % cycles:
                raise ValueError(f"{key} must be a multiple of cycles, {cycles}, not {epochs}")
        return self


def load_recipe(name_or_file: str, overrides: Iterable[str] = ()) -> Recipe:
    """Read a packaged recipe or a TOML file, apply ``key=value`` overrides and check all of it.

    Raises:
        UserError: no such recipe, bad TOML, an unknown key or a value out of range.
    """
    label, text = _read(name_or_file)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{label}: not valid TOML ({error})") from None
    content.setdefault("name", Path(name_or_file).stem)
    for override in overrides:
        _apply(content, override)
        label += f" --set {override}"
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise UserError(f"{label}: {_first_problem(error)}") from None


def is_recipe(path: Path) -> bool:
    """Whether a file is a recipe of this program, perhaps of another version of it."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
    return all(isinstance(content.get(section), dict) for section in ("data", "teacher", "student"))


def packaged_recipes() -> list[str]:
    """Names of the recipes that come with the package."""
    files = resources.files("dermdistill").joinpath("recipes").iterdir()
    return sorted(Path(file.name).stem for file in files if file.name.endswith(".toml"))


def to_toml(recipe: Recipe) -> str:
    """The recipe as TOML, every default written out, so that it can be run again."""
    return tomli_w.dumps(recipe.model_dump(mode="json", exclude_none=True))


def _read(name_or_file: str) -> tuple[str, str]:
    packaged = packaged_recipes()
    if name_or_file in packaged:
        resource = resources.files("dermdistill").joinpath("recipes", f"{name_or_file}.toml")
        return f"recipe {name_or_file}", resource.read_text(encoding="utf-8")
    try:
        return name_or_file, Path(name_or_file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(
            f"{name_or_file}: no such recipe; name one of {', '.join(packaged)}, or a readable TOML file"
        ) from None


def _apply(content: dict[str, Any], override: str) -> None:
    key, equals, value = override.partition("=")
    *sections, entry = key.strip().split(".")
    if not equals or not entry:
        raise UserError(f"--set {override}: expected section.key=value, such as student.epochs=3")
    target = content
    for section in sections:
        target = target.setdefault(section, {})
        if not isinstance(target, dict):
            raise UserError(f"--set {override}: {section!r} is not a section")
    try:
        target[entry] = tomllib.loads(f"v = {value}")["v"]
    except tomllib.TOMLDecodeError:
        target[entry] = value.strip()


def _first_problem(error: ValidationError) -> str:
    problems = error.errors()
    # A misspelt key is the cause where the right one is missing too.
    problem = next((each for each in problems if each["type"] == "extra_forbidden"), problems[0])
    path = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        where = f"{path} = {problem['input']!r}: " if path and problem["type"] != "value_error" else ""
        return where + problem["msg"].removeprefix("Value error, ")
    known = list(_keys(Recipe))
    near = difflib.get_close_matches(path, known, n=1, cutoff=0.5) or difflib.get_close_matches(
        path.rsplit(".", 1)[-1], [key.rsplit(".", 1)[-1] for key in known], n=1
    )
    hint = f"did you mean {near[0]!r}?" if near else f"known keys: {', '.join(known)}"
    return f"unknown key {path!r}; {hint}"


def _keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in section.model_fields.items():
        yield prefix + name
        for candidate in (field.annotation, *get_args(field.annotation)):
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                yield from _keys(candidate, f"{prefix}{name}.")
