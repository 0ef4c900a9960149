"""The endpoints that answer about photographs."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from dermdistill.digits import six_digits
from dermdistill.inference.decision import OperatingPointUsed
from dermdistill.inference.prediction import known
from dermdistill.inference.wording import DISCLAIMER
from dermdistill.server.metrics import Metrics
from dermdistill.server.problems import ProblemError
from dermdistill.server.schemas import ModelSchema, Predictions, body, problems
from dermdistill.server.service import Service
from dermdistill.server.uploads import Admission, Admitted

Result = TypeVar("Result")

_REFUSALS = (400, 401, 408, 413, 415, 422, 429, 503)


def router(service: Service, points: Sequence[OperatingPointUsed], metrics: Metrics) -> APIRouter:
    """The endpoints below ``/v1``.

    Args:
        service: scores and explains.
        points: all operating points of its model.
        metrics: where images are counted.
    """
    api = APIRouter(prefix="/v1")
    admission = Admission(service.limits)

    @api.post(
        "/predict",
        response_model=Predictions,
        responses=problems(*_REFUSALS),
        openapi_extra=body(several=True),
    )
    async def predict(request: Request) -> Response:
        """Score one photograph or many: a form of files, or the bytes of one file.

        An image that cannot be scored is a row with its `error`; a request of which no image could be scored
        is a problem.
        """
        with admission.admit() as admitted:
            uploads = await admitted.files(request)
            rows = await _unless_client_goes(request, service.rows(uploads))
        failed = [row for row in rows if row["error"] is not None]
        metrics.images.labels("scored").inc(len(rows) - len(failed))
        metrics.images.labels("failed").inc(len(failed))
        _note(request, admitted, images=len(rows), failed=len(failed))
        if len(failed) == len(rows):
            first = failed[0]
            raise ProblemError(422, str(first["error"]), members={"file": first["path"], "rows": rows})
        return JSONResponse({"rows": rows, "notice": DISCLAIMER})

    @api.post(
        "/explain",
        response_class=Response,
        responses={
            200: {"content": {"image/png": {}}, "description": "The picture."},
            **problems(*_REFUSALS),
        },
        openapi_extra=body(several=False),
    )
    async def explain(
        request: Request,
        frame: Annotated[
            int | None, Query(ge=1, le=1_000_000, description="Of a DICOM file of several images.")
        ] = None,
    ) -> Response:
        """Draw where the model looked in one photograph, as `dermdistill explain` does."""
        with admission.admit() as admitted:
            uploads = await admitted.files(request)
            if len(uploads) > 1:
                raise ProblemError(422, f"{len(uploads)} files; expected one: a picture is of one photograph")
            picture = await _unless_client_goes(request, service.picture(uploads[0], frame))
        metrics.images.labels("explained").inc()
        _note(request, admitted, images=1, failed=0)
        return Response(picture, media_type="image/png")

    @api.get("/model", response_model=ModelSchema, responses=problems(401))
    async def model() -> Response:
        """The model, its operating points, and the bounds of this server."""
        return JSONResponse(_about(service, points))

    return api


async def _unless_client_goes(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """The result of some work, which is given up when the client closes its connection."""
    answer = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((answer, gone), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            raise ClientDisconnect
        return answer.result()
    finally:
        answer.cancel()
        gone.cancel()


def _note(request: Request, admitted: Admitted, *, images: int, failed: int) -> None:
    """What the log says of a request, beside what it says of all."""
    request.state.log = {"bytes": admitted.body_bytes, "images": images, "failed": failed}


def _about(service: Service, points: Sequence[OperatingPointUsed]) -> dict[str, object]:
    model = service.model
    return {
        "model": model.model_id,
        "classes": list(model.info.classes),
        "input_size": model.info.input.size,
        "operating_point": _point(model.operating_point),
        "operating_points": [_point(point) for point in points],
        "prevalence": known(model.prevalence),
        "provenance": {key: str(value) for key, value in model.info.provenance.items()},
        "limits": asdict(service.limits),
        "notice": DISCLAIMER,
    }


def _point(point: OperatingPointUsed) -> dict[str, object]:
    return {
        "name": point.name,
        "threshold": six_digits(point.threshold),
        "validation_sensitivity": known(point.sensitivity),
        "validation_specificity": known(point.specificity),
    }
