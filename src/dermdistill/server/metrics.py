"""Figures for Prometheus; none says anything of a photograph."""

from collections.abc import Callable
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

MEDIA_TYPE = CONTENT_TYPE_LATEST


def _registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


@dataclass(slots=True)
class Metrics:
    """What a server counts."""

    _registry: CollectorRegistry = field(default_factory=_registry)
    requests: Counter = field(init=False)
    seconds: Histogram = field(init=False)
    images: Counter = field(init=False)
    worker_ends: Counter = field(init=False)

    def __post_init__(self) -> None:
        registry = self._registry
        names = ("path", "method", "status")
        self.requests = Counter("dermdistill_requests", "Requests answered.", names, registry=registry)
        self.seconds = Histogram(
            "dermdistill_request_seconds", "From a request's headers to the end of its response.", ("path",),
            registry=registry,
        )  # fmt: skip
        self.images = Counter(
            "dermdistill_images", "Images, by what became of them.", ("outcome",), registry=registry
        )
        self.worker_ends = Counter(
            "dermdistill_worker_ends", "Worker processes that ended and were replaced.", registry=registry
        )

    def watch(self, name: str, description: str, value: Callable[[], float]) -> None:
        """Add a figure that is read whenever somebody asks."""
        Gauge(f"dermdistill_{name}", description, registry=self._registry).set_function(value)

    def text(self) -> bytes:
        """All figures, as Prometheus reads them."""
        return generate_latest(self._registry)
