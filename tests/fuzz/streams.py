"""Strategies for what need not be a request: broken framing, cut heads, pipelining, bodies of wrong length."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from tests.fuzz.requests import bodies, headers, queries
from waldur_billing_mock.fixtures.users import STAFF_TOKEN

INVOICE: Final = b"/api/invoices/a1b2c3d4-e5f6-7890-abcd-ef1234567890/"
_STAFF: Final = b"Host: mock.example\r\nAuthorization: Token " + STAFF_TOKEN.encode() + b"\r\n"
_PATHS: Final = (b"/api/invoices/", INVOICE, INVOICE + b"paid/", INVOICE + b"set_backend_id/", b"/api/nothing/", b"/")
_METHODS: Final = (b"GET", b"POST", b"PATCH", b"PUT", b"DELETE", b"OPTIONS", b"get", b"PROPFIND", b"G\x00T", b"")
_VERSIONS: Final = (b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"", b"http/1.1")
_LENGTHS: Final = (b"0", b"-1", b"+5", b"5", b"5, 5", b"5, 6", b" 5 ", b"0x5", b"1e3", b"99999999999999999999999", b"")
_CODINGS: Final = (
    b"chunked",
    b"chunked, chunked",
    b"gzip, chunked",
    b"chunked, gzip",
    b"identity",
    b"\x0bchunked",
    b"",
)
_ODD_LINES: Final = (
    b"X", b": x", b" folded", b"X : y", b"X\x00: y", b"X: \x00", b"X: y\rz", b"Expect: 100-continue", b"Trailer: X",
    b"Host: a\r\nHost: b", b"Connection: upgrade\r\nUpgrade: websocket", b"Connection: upgrade\r\nUpgrade: h2c",
    b"Connection: close", b"X: " + b"y" * 70_000, b"\r\n".join([b"X: y"] * 99), b"\r\n".join([b"X: y"] * 10_000),
)  # fmt: skip
_CONTENT: Final = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"{}", b'{"backend_id": "x"}', b"backend_id=x", b"x" * 70_000, b"[" * 3000]),
    bodies(["backend_id", "date", "proof"]).map(lambda body: body[1][:5000]),
)


def _chunk(content: bytes, size: bytes, end: bytes) -> bytes:
    return (size or b"%x" % len(content)) + b"\r\n" + content + end


_CHUNKS: Final = st.lists(
    st.builds(
        _chunk,
        _CONTENT,
        st.sampled_from([b""] * 6 + [b"0", b"-1", b"ffffffffffffffffff", b"3;x=y", b"zz", b"+2", b"0x2"]),
        st.sampled_from([b"\r\n"] * 6 + [b"", b"\n", b"more\r\n"]),
    ),
    max_size=4,
).map(b"".join)
_CHUNK_ENDS: Final = st.sampled_from([b"0\r\n\r\n"] * 3 + [b"", b"0\r\n", b"0\r\nX: y\r\n\r\n", b"nonsense"])


def _request(
    start: tuple[bytes, bytes, bytes], lines: Sequence[bytes], framing: tuple[bytes, bytes], end: bytes
) -> bytes:
    head, content = framing
    method, target, version = start
    return b"%s %s %s\r\n%s%s%s%s%s" % (
        method, target, version, _STAFF, b"".join(line + b"\r\n" for line in lines), head, end, content,
    )  # fmt: skip


_LENGTH_FRAMING: Final = st.builds(
    lambda lengths, content: (b"".join(b"Content-Length: %s\r\n" % length for length in lengths), content),
    st.lists(st.sampled_from(_LENGTHS), min_size=1, max_size=2),
    _CONTENT,
)
_RIGHT_FRAMING: Final = _CONTENT.map(lambda content: (b"Content-Length: %d\r\n" % len(content), content))
_WRONG_FRAMING: Final = st.builds(
    lambda content, more: (b"Content-Length: %d\r\n" % max(0, len(content) + more), content),
    _CONTENT,
    st.integers(-40, 40),
)
_CHUNKED_FRAMING: Final = st.builds(
    lambda coding, length, chunks, end: (b"Transfer-Encoding: " + coding + b"\r\n" + length, chunks + end),
    st.sampled_from([b"chunked"] * 5 + list(_CODINGS)),
    st.sampled_from([b"", b"", b"Content-Length: 3\r\n"]),
    _CHUNKS,
    _CHUNK_ENDS,
)


def streams() -> st.SearchStrategy[Sequence[bytes]]:
    """What a client sends through one connection, in pieces: requests behind each other, whole or broken."""
    target = st.one_of(
        st.sampled_from(_PATHS),
        queries(["year", "state"]).map(lambda query: b"/api/invoices/?" + query),
        st.binary(max_size=20),
        st.sampled_from([b"http://a.example/api/invoices/", b"*", b"a:80", b"/" + b"x" * 40_000, b"/\xff", b"/a b"]),
    )
    start = st.tuples(st.sampled_from([b"GET", b"POST", *_METHODS]), target, st.sampled_from(_VERSIONS))
    odd = headers().map(lambda pairs: [b"%s: %s" % pair for pair in pairs])
    lines = st.one_of(st.lists(st.sampled_from(_ODD_LINES), max_size=2), odd)
    framing = st.one_of(
        st.just((b"", b"")), _RIGHT_FRAMING, _WRONG_FRAMING, _LENGTH_FRAMING, _CHUNKED_FRAMING, _CHUNKED_FRAMING
    )
    end = st.sampled_from([b"\r\n"] * 12 + [b"\n", b"", b"\r"])
    one = st.builds(_request, start, lines, framing, end)
    whole = st.one_of(st.lists(one, min_size=1, max_size=4).map(b"".join), st.binary(max_size=200))
    return st.builds(_cut, whole, st.lists(st.integers(0, 5000), max_size=6), st.booleans())


def _cut(content: bytes, places: Sequence[int], broken: bool) -> Sequence[bytes]:
    """The content in pieces; a broken one ends at the last place."""
    ends = sorted({place for place in places if place < len(content)})
    pieces = [content[start:end] for start, end in zip([0, *ends], [*ends, len(content)], strict=True)]
    return [piece for piece in (pieces[:-1] if broken and len(pieces) > 1 else pieces) if piece]
