"""Reads whole lists of a server through the guard of the contract suite, which lets nothing but reading through."""

import base64
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.contracts.context import Context, Query
from waldur_billing_mock.contracts.description import Description, describe, describe_neighbours
from waldur_billing_mock.contracts.exchange import Answer, Broken, Exchange, NotExercised, Request
from waldur_billing_mock.contracts.guard import Refused, TokenRejected, TooLarge
from waldur_billing_mock.contracts.judging import UNSTABLE
from waldur_billing_mock.contracts.ledger import Ledger
from waldur_billing_mock.contracts.settings import Profile, Unusable
from waldur_billing_mock.contracts.target import Target
from waldur_billing_mock.contracts.values import Malformed, Row, identity_of

OnRequest = Callable[[Request], None]
"""Is called with each request before it is answered."""

_PROFILE: Final = Profile("night", 1, 10**9, 0, 0, covers=False, stateful=False, seconds=0)
"""Lists of any length are read whole."""
_HEADERS: Final = ("content-type", "x-result-count", "date")
"""The headers of answers that a resume file holds."""


class CannotRead(Exception):
    """A list that the server does not show; the sentence says why."""


class ResumeFile:
    """The pages that were read so far, one a line, so that an interrupted recording can go on. Only its owner reads it.

    It holds data of the server as it came, and no token; `finish` removes it. Raises `Unusable`.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self._path: Final = path
        self._pages: Final[dict[str, Answer]] = {}
        try:
            if path.exists():
                self._read(head)
            else:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    file.write(json.dumps(head) + "\n")
        except OSError as error:
            raise Unusable(f"--resume {path} cannot be used: {error.strerror}.") from None

    def __len__(self) -> int:
        return len(self._pages)

    def get(self, target: str) -> Answer | None:
        """The answer to a request of an earlier run, None where there is none."""
        return self._pages.get(target)

    def add(self, target: str, answer: Answer) -> None:
        """Note an answer. Raises `Unusable` where the file cannot be written."""
        headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        body = base64.b64encode(answer.body).decode()
        line = json.dumps({"target": target, "status": answer.status, "headers": headers, "body": body})
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise Unusable(f"--resume {self._path} cannot be written: {error.strerror}.") from None

    def finish(self) -> None:
        """Remove the file of a recording that has come to its end."""
        self._path.unlink(missing_ok=True)

    def _read(self, head: Mapping[str, Any]) -> None:
        lines = self._path.read_text(encoding="utf-8").split("\n")
        try:
            found = json.loads(lines[0])
            if found != head:
                raise Unusable(
                    f"--resume {self._path}: it is of another recording ({found.get('target')}); name another file, or "
                    "give the same address and options."
                )
            # The last line is not whole where the process was killed while writing it.
            for line in lines[1:-1]:
                page = json.loads(line)
                answer = Answer(page["status"], page["headers"], base64.b64decode(page["body"]), 0.0)
                self._pages[page["target"]] = answer
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Unusable(f"--resume {self._path}: this is no file of an earlier recording.") from None


class Reading(Context):
    """The lists of a server. What a resume file holds is not asked for again."""

    def __init__(
        self,
        description: Description,
        target: Target,
        on_request: OnRequest,
        resume: ResumeFile | None,
        seed: int = 1,
    ) -> None:
        super().__init__(description, None, None, target, _PROFILE, seed, Ledger(), 10.0)
        self._on_request: Final = on_request
        self._resume: Final = resume

    def send(
        self, request: Request, role: str | None = None, place: str = "/paths", *, fresh: bool = False
    ) -> Exchange:
        """The answer to a request; an answer of an earlier run only where it is not asked for again."""
        self._on_request(request)
        if self._resume is not None and not fresh and (page := self._resume.get(request.target)) is not None:
            return Exchange(request, page, self.target.main.role, place)
        exchange = super().send(request, role, place, fresh=fresh)
        # What was read is turned into rows at once; to hold all answers would take several times the memory.
        self._cache.drop()
        if self._resume is not None and exchange.status == 200:
            self._resume.add(request.target, exchange.answer)
        return exchange

    def whole(self, operation_id: str, **query: object) -> list[Row]:
        """All rows of a list, each once. Raises `CannotRead` where the server does not show them."""
        return self._whole(operation_id, query)

    def _whole(self, operation_id: str, query: Query) -> list[Row]:
        try:
            rows = self.rows(operation_id, query=query)
        except (Broken, Malformed, NotExercised) as error:
            raise CannotRead(f"{self.path_of(operation_id)}: {error}") from None
        except (TooLarge, Refused, TokenRejected) as error:
            raise CannotRead(f"{self.path_of(operation_id)}: {error}") from None
        finally:
            self._cache.drop()
        return list({identity_of(row): row for row in rows}.values())

    def count(self, operation_id: str, **query: object) -> int:
        """The number of rows that a list says it has. Raises `CannotRead`."""
        try:
            exchange = self.ask(operation_id, query={**query, "page_size": 1})
            exchange.must.have_status(200)
            return int(exchange.must.have_header("X-Result-Count"))
        except (Broken, Malformed, NotExercised, ValueError) as error:
            raise CannotRead(f"{self.path_of(operation_id)}: {error}") from None

    def has(self, operation_id: str, parameter: str) -> bool:
        """Whether the description has the operation with a query parameter of this name."""
        operation = self.description.operations.get(operation_id)
        return operation is not None and parameter in operation.query

    def path_of(self, operation_id: str) -> str:
        """The path of an operation."""
        return self.description.operations[operation_id].path

    @property
    def is_stable(self) -> bool:
        """Whether no list has come in different orders so far."""
        return UNSTABLE not in self.memory


def billing(target: Target, revision: str, on_request: OnRequest, resume: ResumeFile | None, seed: int = 1) -> Reading:
    """The billing operations of a server."""
    return Reading(describe(revision), target, on_request, resume, seed)


def neighbours(target: Target, revision: str, on_request: OnRequest, resume: ResumeFile | None) -> Reading:
    """The neighbours of the billing operations, which tell what billing does not show."""
    return Reading(Description(describe_neighbours().document, revision, "documented"), target, on_request, resume)
