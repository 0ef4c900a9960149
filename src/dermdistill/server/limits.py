"""What a client may cost the others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a server. Those of one image, in pixels and bytes, are in ``data.decoding.limits``.

    Attributes:
        body_bytes: of one request.
        images: of one request; a frame of a DICOM file counts as one.
        requests: that are received, waiting or scored at the same time.
        held_bytes: of all bodies that are in memory at the same time.
        connections: open at the same time.
        header_seconds: until a request's headers are there.
        body_seconds: until its body is there.
        image_seconds: to decode and score one image.
        explain_seconds: to decode and explain one image.
        request_seconds: for a request whose body is there, waiting included.
        image_memory: bytes that decoding and scoring one image may take beside the model; Linux only.
        shutdown_seconds: for requests in progress when the server is told to stop.
        retry_seconds: after which a client that was refused may come again.
    """

    body_bytes: int = 100_000_000
    images: int = 100
    requests: int = 256
    held_bytes: int = 500_000_000
    connections: int = 800
    header_seconds: float = 10
    body_seconds: float = 120
    image_seconds: float = 20
    explain_seconds: float = 60
    request_seconds: float = 300
    image_memory: int = 1_000_000_000
    shutdown_seconds: int = 60
    retry_seconds: int = 2
