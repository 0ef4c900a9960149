"""Errors as RFC 9457 says: ``application/problem+json``, with one line that names the file."""

import json
from http import HTTPStatus

from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """Why a request gets no answer.

    Attributes:
        status: of HTTP.
        detail: one line.
        headers: of the response.
        members: further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: dict[str, str] | None = None,
        members: dict[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.members = headers or {}, members or {}

    def response(self) -> Response:
        """The problem as a response."""
        problem = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        return Response(json.dumps(problem).encode(), self.status, self.headers, MEDIA_TYPE)
