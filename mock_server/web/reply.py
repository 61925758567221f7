"""Replies: JSON text with the status and headers that the operation describes, and refusals in their shape."""

import json
from collections.abc import Mapping

from starlette.responses import Response

from mock_server.web.problems import JSON_TYPE, Problem


def json_reply(status: int, text: str, headers: Mapping[str, str]) -> Response:
    """A reply with a body of JSON text."""
    return Response(text.encode(), status, headers, media_type=JSON_TYPE)


def empty_reply(status: int, headers: Mapping[str, str]) -> Response:
    """A reply without a body, and so without a content type."""
    return Response(None, status, headers)


def refusal(problem: Problem, headers: Mapping[str, str]) -> Response:
    """The reply that a problem stands for."""
    if problem.html:
        return Response(problem.body, problem.status, problem.headers, media_type="text/html")
    text = json.dumps(problem.body, ensure_ascii=False, separators=(",", ":"))
    return json_reply(problem.status, text, {**headers, **problem.headers})
