"""Operations of the control plane, called by pages: the handlers are those that callers of `/_mock/` reach."""

import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.responses import Response

from waldur_billing_mock.mock_server.control import description
from waldur_billing_mock.mock_server.control.app import Function, functions
from waldur_billing_mock.mock_server.control.description import InvalidInput
from waldur_billing_mock.mock_server.control.plane import Call, Conflict, NotFound
from waldur_billing_mock.mock_server.control.sessions import NoSession
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.mock_server.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answered, or why it was refused, by the field that was wrong (an empty text: the whole)."""

    value: Any
    refusals: Mapping[str, str]

    @property
    def failed(self) -> bool:
        return bool(self.refusals)

    @property
    def reason(self) -> str:
        return " ".join(f"{name}: {text}" if name else text for name, text in self.refusals.items())


async def steer(
    view: View,
    operation_id: str,
    *,
    path: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
    body: Any = None,
) -> Outcome:
    """Call an operation in the session of the page. What it refuses is part of the outcome."""
    operation = description.operations()[operation_id]
    for parameter in operation.located("path"):
        try:
            description.parsed(parameter["schema"], str((path or {})[parameter["name"]]))
        except ValueError as error:
            return Outcome(None, {parameter["name"]: str(error)})
    try:
        if operation.schema is not None and body is not None and not operation.takes_yaml:
            description.validated_body(operation, body)
        value = _functions()[operation_id](
            Call(view.site.plane, view.session, path or {}, query or {}, body, view.request)
        )
        if inspect.isawaitable(value):
            value = await value
    except InvalidInput as error:
        return Outcome(None, {_field(name): " ".join(texts) for name, texts in error.messages.items()})
    except (NotFound, NoSession, Conflict) as error:
        return Outcome(None, {"": str(error)})
    except Problem as problem:
        return Outcome(None, {"": str(problem.body.get("detail", problem.body))})
    return Outcome(json.loads(bytes(value.body)) if isinstance(value, Response) else value, {})


@cache
def _functions() -> Mapping[str, Function]:
    return functions()


def _field(name: str) -> str:
    return "" if name in ("non_field_errors", "detail") else name
