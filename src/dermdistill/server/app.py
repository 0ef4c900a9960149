"""The application: page, API, health, figures, and how all of them refuse."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Security
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.wording import DISCLAIMER
from dermdistill.page.assemble import Resource
from dermdistill.server import api
from dermdistill.server.metrics import MEDIA_TYPE, Metrics
from dermdistill.server.observe import Observer
from dermdistill.server.pages import endpoints
from dermdistill.server.pool import Pool
from dermdistill.server.problems import ProblemError
from dermdistill.server.schemas import EXAMPLES, Health, Problem, problems
from dermdistill.server.service import Service

_DESCRIPTION = (
    f"Scores dermoscopic photographs: P(melanoma), a decision, warnings. {DISCLAIMER.capitalize()}. "
    "Photographs are held in memory while they are scored, and never written to a disk or a log."
)


@dataclass(frozen=True, slots=True)
class Served:
    """What a server serves.

    Attributes:
        service: scores and explains.
        site: the page and its files, by name (``page.assemble.site``).
        operating_points: all of the model.
        version: of the program.
        token: that a client has to know; None where everybody may ask.
    """

    service: Service
    site: Mapping[str, Resource]
    operating_points: Sequence[OperatingPointUsed]
    version: str
    token: str | None = None


def make_app(served: Served, metrics: Metrics) -> ASGIApp:
    """The application; ``metrics`` counts what it does."""
    app = FastAPI(
        title="dermdistill",
        description=_DESCRIPTION,
        version=served.version,
        docs_url=None,  # its scripts would come from elsewhere
        redoc_url=None,
        exception_handlers={
            ProblemError: _of_problem,
            HTTPException: _of_routing,
            RequestValidationError: _of_query,
            ClientDisconnect: _of_disconnect,
            Exception: _of_error,
        },
    )
    files = endpoints(served.site)
    for path, endpoint in files.items():
        app.add_route(path, endpoint, include_in_schema=False)
    guard = [] if served.token is None else [Depends(_guard(served.token))]
    app.include_router(api.router(served.service, served.operating_points, metrics), dependencies=guard)
    app.include_router(_health(served.service.pool))
    app.include_router(_figures(served.service.pool, metrics), dependencies=guard)
    _complete_document(app)
    return Observer(app, {*files, *app.openapi()["paths"], str(app.openapi_url)}, metrics)


def _health(pool: Pool) -> APIRouter:
    router = APIRouter(prefix="/health")

    @router.get("/live", response_model=Health)
    async def live() -> Response:
        """Whether the server answers."""
        return JSONResponse({"status": "live", "workers": pool.ready})

    @router.get("/ready", response_model=Health, responses=problems(503))
    async def ready() -> Response:
        """Whether the server can score."""
        if pool.ready == 0:
            raise ProblemError(503, "no worker process is ready")
        return JSONResponse({"status": "ready", "workers": pool.ready})

    return router


def _figures(pool: Pool, metrics: Metrics) -> APIRouter:
    metrics.watch("workers_ready", "Worker processes that can score.", lambda: pool.ready)
    metrics.watch("files_waiting", "Files that no worker has taken yet.", lambda: pool.waiting)
    router = APIRouter()

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {MEDIA_TYPE: {}}, "description": "The figures."}, **problems(401)},
    )
    async def figures() -> Response:
        """Figures for Prometheus."""
        return Response(metrics.text(), headers={"Content-Type": MEDIA_TYPE})

    return router


def _guard(token: str) -> Callable[..., Awaitable[None]]:
    """A dependency that lets only clients in that know the token."""
    expected = _digest(token)

    async def check(
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(HTTPBearer(auto_error=False))],
    ) -> None:
        given = _digest(credentials.credentials if credentials else "")
        if not hmac.compare_digest(given, expected):
            raise ProblemError(
                401,
                "expected the header `Authorization: Bearer` with the token of this server",
                headers={"WWW-Authenticate": "Bearer"},
            )

    return check


def _digest(token: str) -> bytes:
    """Of equal length for all tokens: the time of the comparison says nothing of their lengths."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _complete_document(app: FastAPI) -> None:
    """Put problems and examples into the OpenAPI document, in place of FastAPI's own form of errors."""
    described = app.openapi

    def openapi() -> dict[str, Any]:
        document = described()
        schemas = document["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema()
        for name, example in EXAMPLES.items():
            schemas[name]["example"] = example
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response()


async def _of_disconnect(request: Request, error: Exception) -> Response:
    """Nobody reads it; servers log this status for a client that went before it had its answer."""
    return Response(status_code=499)


async def _of_error(request: Request, error: Exception) -> Response:
    return ProblemError(500, "an error in the server; its log has the id of this request").response()


async def _of_routing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return ProblemError(error.status_code, error.detail, dict(error.headers or {})).response()


async def _of_query(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in error.errors())
    return ProblemError(422, wrong).response()
