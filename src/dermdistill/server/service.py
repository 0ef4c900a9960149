"""What a request asks for, done by the workers: rows of JSON, or a picture."""

import asyncio
import json
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dermdistill.errors import printable
from dermdistill.inference.model import Model
from dermdistill.inference.prediction import Value
from dermdistill.inference.rows import row_dict
from dermdistill.inference.stream import ScoredImage
from dermdistill.server.limits import Limits
from dermdistill.server.pool import Answer, Pool
from dermdistill.server.problems import ProblemError
from dermdistill.server.uploads import Upload
from dermdistill.server.worker import Task

Row = dict[str, Value]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Service:
    """Scores and explains uploads.

    Attributes:
        model: of all workers.
        pool: the workers.
        limits: of the server.
        prevalence: that P(melanoma) is re-stated for; None for that of the model.
    """

    model: Model
    pool: Pool
    limits: Limits
    prevalence: float | None = None

    async def rows(self, uploads: Sequence[Upload]) -> list[Row]:
        """A row for each image, in order, as ``predict --json`` prints it.

        Raises:
            ProblemError: 503, the queue was too long.
        """
        # A request has no more images in the queue than there are workers, so that others get their turn.
        turns = asyncio.Semaphore(self.pool.size)

        async def of_file(upload: Upload) -> list[Row]:
            async with turns:
                return await self._rows_of_file(upload)

        async def of_all() -> list[Row]:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(of_file(upload)) for upload in uploads]
            return [row for task in tasks for row in task.result()]

        return await self._in_time(of_all())

    async def picture(self, upload: Upload, frame: int | None) -> bytes:
        """A PNG, as ``explain`` draws it.

        Raises:
            ProblemError: 422, the file cannot be explained; 503, the queue was too long.
        """
        task = Task(
            "explain", upload.name, self.limits.explain_seconds, frame=frame, prevalence=self.prevalence
        )
        answer = await self._in_time(self._answer(task, upload))
        if answer.failure is not None:
            raise _refused(upload, f"{printable(upload.name)}: {answer.failure}")
        (part,) = answer.parts
        if part.startswith(b"\x89PNG"):
            return part
        raise _refused(upload, str(json.loads(part)))

    async def _rows_of_file(self, upload: Upload) -> list[Row]:
        task = Task("score", upload.name, self.limits.image_seconds, most=self.limits.images)
        answer = await self._answer(task, upload)
        rows: list[Row] = [json.loads(part) for part in answer.parts]
        if answer.failure is not None:
            error = f"{printable(upload.name)}: {answer.failure}"
            rows.append(
                row_dict(ScoredImage(upload.name, None, error, None, len(upload.content)), self.model)
            )
        return rows

    async def _answer(self, task: Task, upload: Upload) -> Answer:
        return await asyncio.wrap_future(self.pool.submit(task, upload.content))

    async def _in_time(self, work: Awaitable[Result]) -> Result:
        limits = self.limits
        try:
            return await asyncio.wait_for(work, limits.request_seconds)
        except TimeoutError:
            raise ProblemError(
                503,
                f"not done after {limits.request_seconds:g} s; send fewer files at a time",
                headers={"Retry-After": str(limits.retry_seconds)},
            ) from None


def _refused(upload: Upload, why: str) -> ProblemError:
    return ProblemError(422, why, members={"file": upload.name})
