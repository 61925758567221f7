"""The parsers called directly, where an input of any kind costs least: each raises its own error, or returns."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st

from tests.fuzz.judge import served
from tests.fuzz.requests import bodies, forms, queries
from tests.fuzz.values import ANY, json_documents
from waldur_billing_mock.mock_server.control.prefer import Preference
from waldur_billing_mock.mock_server.spec.query import Query
from waldur_billing_mock.mock_server.spec.validation import ValidationError
from waldur_billing_mock.mock_server.web import access, problems
from waldur_billing_mock.mock_server.web.body import FORM, Body
from waldur_billing_mock.mock_server.web.limits import Limits
from waldur_billing_mock.mock_server.web.multipart import Form, MultipartReader
from waldur_billing_mock.mock_server.web.request import read_query
from waldur_billing_mock.mock_server.web.request_log import masked
from waldur_billing_mock.openapi.operation import Operation

_NAMES: Final = ("backend_id", "date", "proof", "quantity", "unit_price", "start")
_LIMITS: Final = Limits()
Parser = tuple[st.SearchStrategy[Any], Callable[[Any], None]]


@cache
def _operation(operation_id: str) -> Operation:
    return next(one for one in served(False) if one.operation_id == operation_id)


@cache
def all_queries() -> Sequence[tuple[Query, Sequence[str]]]:
    """The validators of all queries, with the names of their parameters."""
    return [(Query(one.query.values()), sorted(one.query)) for one in served(False) if one.query]


def _query_inputs() -> st.SearchStrategy[tuple[Query, bytes]]:
    return st.one_of(*[st.tuples(st.just(query), queries(names)) for query, names in all_queries()])


def check_query(sent: tuple[Query, bytes]) -> None:
    """A query is validated, or is refused with an error for each parameter."""
    query, text = sent
    try:
        query.validate(read_query(text))
    except ValidationError as invalid:
        if not invalid.errors:
            raise


def check_json(content: bytes) -> None:
    """JSON is read, or refused with 400."""
    _read(Body(problems.JSON_TYPE, problems.JSON_TYPE, content, _LIMITS))


def check_form(content: bytes) -> None:
    """A form is read, or refused with 400 or 413."""
    for charset in ("", "; charset=utf-16", "; charset=undefined", "; charset=idna"):
        _read(Body(FORM + charset, FORM, content, _LIMITS))


def _read(body: Body) -> None:
    try:
        body.read(_operation("invoices_paid"))
    except problems.Problem as problem:
        if problem.status not in (400, 413):
            raise


def check_multipart(sent: tuple[tuple[tuple[tuple[bytes, bytes], ...], bytes], Sequence[int]]) -> None:
    """A multipart form gives the same, in whatever pieces it arrives."""
    (headers, content), places = sent
    content_type = dict(headers).get(b"Content-Type", b"").decode("latin-1")
    ends = sorted({place for place in places if place < len(content)})
    pieces = [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]

    assert _form(content_type, [content]) == _form(content_type, pieces)


def _form(content_type: str, pieces: Sequence[bytes]) -> Form | str:
    try:
        reader = MultipartReader(content_type, _LIMITS)
        for piece in pieces:
            reader.feed(piece)
        return reader.close()
    except problems.Problem as problem:
        if problem.status not in (400, 413):
            raise
        return str(problem.body)


def check_authorization(value: bytes) -> None:
    """A header without the token of a user is refused with 401."""
    try:
        access.authenticate(value, lambda token: None)
    except problems.Problem as problem:
        if problem.status != 401:
            raise


def check_prefer(value: bytes) -> None:
    """The header Prefer is read, or refused with 400."""
    try:
        preference = Preference.read(value)
    except problems.Problem as problem:
        if problem.status != 400:
            raise
        return
    assert preference is None or (preference.applied.isascii() and preference.applied.isprintable())


def check_masked(sent: tuple[str, str]) -> None:
    """A token never gets into the log, however it is encoded around."""
    path, query = sent
    token = "deadbeef" * 5

    assert token not in masked(f"{path}/{token}", f"{query}&a={token}", frozenset({token}))


_HEADER: Final = st.one_of(
    st.binary(max_size=60), ANY.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.builds(b"%s %s".__mod__, st.tuples(st.sampled_from([b"Token", b"bearer", b"Bearer Token"]), st.binary())),
    st.builds(b"%s=%s".__mod__, st.tuples(st.sampled_from([b"code", b"delay", b"example"]), st.binary())),
)  # fmt: skip

PARSERS: Final[Mapping[str, Parser]] = {
    "query": (st.deferred(_query_inputs), check_query),
    "json": (json_documents(_NAMES), check_json),
    "form": (forms(_NAMES), check_form),
    "multipart": (st.tuples(bodies(_NAMES), st.lists(st.integers(0, 400), max_size=5)), check_multipart),
    "authorization": (_HEADER, check_authorization),
    "prefer": (_HEADER, check_prefer),
    "masked": (st.tuples(ANY, ANY), check_masked),
}
