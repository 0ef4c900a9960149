"""What a benchmark says, and how it is stored as JSON."""

from typing import Any, Literal

from pydantic import model_validator

from dermdistill.json_files import Frozen

Runtime = Literal["PyTorch", "ONNX Runtime"]

PAPER_IMAGES = 3000
"""The paper's prediction times are of so many images."""


class Ratio(Frozen):
    """The time of a model as a multiple of a reference's, below 1 where it is faster.

    Attributes:
        to: the reference, measured in the same run, runtime and batch.
        value: median over the rounds of the ratio of the two models' times within a round.
        low, high: 5 % and 95 % quantile of the same ratios over the rounds: what a single round would have
            said. It does not shrink with more rounds. None below 5 rounds.
    """

    to: str
    value: float
    low: float | None = None
    high: float | None = None


class Timing(Frozen):
    """A model scoring batches of one size.

    Attributes:
        batch: images a call.
        calls: timed ones, over all rounds.
        p50_ms, p95_ms: quantiles of the time of a call over all rounds, ms; the latter None below 20 calls.
        images_per_second: by the median of the rounds.
        peak_mb: peak memory (10^6 bytes) of a process that loads the model and scores batches up to this
            size: resident memory, libraries included; on a GPU what PyTorch took of the GPU's memory.
        round_ms: the median time of a call in each round, ms.
        ratios: to the references.
    """

    batch: int
    calls: int
    p50_ms: float
    p95_ms: float | None
    images_per_second: float
    peak_mb: float
    round_ms: tuple[float, ...]
    ratios: tuple[Ratio, ...]


class Measured(Frozen):
    """A model in a runtime.

    Attributes:
        model: its name in this benchmark.
        parameters: trainable ones of the network as it was trained, whatever the file folds or rounds.
        macs: multiply-accumulates of one image.
        file_bytes: the weights file, or the ONNX file.
        timings: one a batch size, ascending.
    """

    model: str
    runtime: Runtime
    architecture: str
    input_size: int
    parameters: int
    macs: int
    file_bytes: int
    timings: tuple[Timing, ...]


class Control(Frozen):
    """A model measured against itself, loaded by a second process: the run's own noise.

    Attributes:
        ratio: of the twin to the model; a difference between two models that is not clearly larger is none.
    """

    runtime: Runtime
    batch: int
    ratio: Ratio

    @property
    def holds(self) -> bool | None:
        """Whether the spread covers 1, as it should; None where there is no spread."""
        if self.ratio.low is None or self.ratio.high is None:
            return None
        return self.ratio.low <= 1 <= self.ratio.high


class DiskTime(Frozen):
    """A whole command, from process start to finished table, on image files; measured in several turns.

    ``benchmark.whole_command`` says how long it takes for another number of images.

    Attributes:
        images: how many were scored.
        seconds: that it took, median of the turns.
        start_seconds: that the same command takes for one image, median of the turns.
        images_per_second: ``images / seconds``, start included.
        rises: seconds that it took longer than the command for one image beside it, one per turn; none in
            files of earlier versions, which measured once.
    """

    model: str
    runtime: Runtime
    images: int
    seconds: float
    start_seconds: float
    images_per_second: float
    rises: tuple[float, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _without_old_figure(cls, fields: Any) -> Any:
        """Earlier versions stored a time for 3,000 images that could be noise."""
        if isinstance(fields, dict):
            return {name: value for name, value in fields.items() if name != "seconds_for_3000"}
        return fields


class Benchmark(Frozen):
    """Everything that one run measured.

    Attributes:
        environment: versions, processor, load, as text.
        threads: of every call and every whole command.
        seed: of the order of the models in each round, and of the pixels.
        references: what the ratios are to.
        controls: the first model against itself.
        notes: what a reader must know to judge the figures.
    """

    environment: dict[str, str]
    device: str
    threads: int
    rounds: int
    seed: int
    references: tuple[str, ...]
    measured: tuple[Measured, ...]
    controls: tuple[Control, ...]
    from_disk: tuple[DiskTime, ...] = ()
    notes: tuple[str, ...] = ()
