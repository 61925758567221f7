"""The headers that a proxy passes on, and those that end with a connection (RFC 9110, 7.6.1)."""

from collections.abc import Iterable
from typing import Final

from waldur_billing_mock.mock_server.proxy.passed import Pair

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""What is about one connection alone."""
_ANSWERED_HERE: Final = b"expect"
"""`100 Continue` has been sent already, where a client waits for it."""
_CHUNKED: Final = (b"transfer-encoding", b"chunked")


def of_request(headers: list[Pair], host: bytes) -> tuple[list[Pair], bool]:
    """The headers of a request for the server at a host, and whether a body follows. Names are in lower case.

    `Via` is not added, although RFC 9110 (7.6.3) asks gateways for it: nginx does not compress for who sends one, so
    that the client would get another answer than without the proxy.
    """
    dropped = _named_by_connection(headers)
    names = {name for name, _ in headers}
    is_chunked = b"transfer-encoding" in names
    passed = [(b"host", host)]
    for name, value in headers:
        if name in dropped or name in (b"host", _ANSWERED_HERE) or (is_chunked and name == b"content-length"):
            continue
        # White space around a value is none of it, and may not be sent.
        passed.append((name, value.strip(b" \t")))
    if is_chunked:
        passed.append(_CHUNKED)
    return passed, is_chunked or b"content-length" in names


def of_answer(headers: Iterable[Pair]) -> list[Pair]:
    """The headers of an answer for the client, in the spelling of the server."""
    listed = list(headers)
    dropped = _named_by_connection([(name.lower(), value) for name, value in listed])
    return [(name, value) for name, value in listed if name.lower() not in dropped]


def _named_by_connection(headers: list[Pair]) -> frozenset[bytes]:
    """What is dropped: the headers of a connection, and those that `Connection` names."""
    named = [value for name, value in headers if name == b"connection"]
    if not named:
        return HOP_BY_HOP
    return HOP_BY_HOP | {option.strip().lower() for value in named for option in value.split(b",")}
