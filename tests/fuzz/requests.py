"""Strategies for whole requests: paths, queries, headers and bodies, by the names that an operation describes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, quote_plus

from hypothesis import strategies as st

from tests.fuzz.values import ANY, NUMBERS_AS_TEXT, TEXT, json_documents
from waldur_billing_mock.fixtures.users import STAFF_TOKEN
from waldur_billing_mock.openapi.document import Node, resolve
from waldur_billing_mock.openapi.operation import Operation

HOST: Final = b"mock.example"

_UNSENT: Final = re.compile(rb"[\x00- \x7f]")
"""What no target of a request may hold."""

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Sent:
    """One request, byte for byte."""

    method: str
    target: bytes
    headers: Headers
    content: bytes

    def wire(self) -> bytes:
        """The request as it is sent, with the length of its body unless a header says otherwise."""
        names = {name.lower() for name, _ in self.headers}
        framed = {b"content-length", b"transfer-encoding"} & names
        length = () if framed or not self.content else ((b"Content-Length", b"%d" % len(self.content)),)
        host = () if b"host" in names else ((b"Host", HOST),)
        lines = [b"%s: %s\r\n" % header for header in (*host, *length, *self.headers)]
        return b"%s %s HTTP/1.1\r\n%s\r\n" % (self.method.encode(), self.target, b"".join(lines)) + self.content


def requests(document: Node, operation: Operation, identifiers: Sequence[str]) -> st.SearchStrategy[Sent]:
    """Requests to one operation, many of which come as far as its function."""
    return st.builds(
        _sent,
        st.sampled_from([operation.method] * 8 + ["OPTIONS", "HEAD", "DELETE", "TRACE"]),
        st.one_of(*[paths(operation, identifiers)] * 9, _broken_paths(operation)),
        st.one_of(st.just(b""), queries(sorted(operation.query))),
        headers(),
        bodies(_names(document, operation)) if operation.method not in ("GET", "HEAD") else st.just(((), b"")),
    )


def _sent(method: str, path: bytes, query: bytes, headers: Headers, body: tuple[Headers, bytes]) -> Sent:
    return Sent(method, path + (b"?" + query if query else b""), (*headers, *body[0]), body[1])


def paths(operation: Operation, identifiers: Sequence[str]) -> st.SearchStrategy[bytes]:
    """The path of the operation with an identifier that exists, or with any text."""
    odd = st.one_of(ANY.map(_quoted), st.text("0123456789abcdefABCDEF-{}%.", max_size=40))
    names = st.one_of(st.sampled_from([*identifiers, "0"]), st.sampled_from([*identifiers, "0"]), odd)
    return names.map(lambda name: operation.path.replace("{uuid}", name).replace("{id}", name).encode())


def _broken_paths(operation: Operation) -> st.SearchStrategy[bytes]:
    """Doubled and missing slashes, dots, bad percent-encoding, suffixes."""
    plain = operation.path.replace("{uuid}", "0").replace("{id}", "0")
    return st.builds(
        lambda place, inserted: (plain[:place] + inserted + plain[place:]).encode(),
        st.integers(1, len(plain)),
        st.sampled_from(
            ["/", "//", ".", "..", "../", "%", "%0", "%zz", "%00", "%0d%0a", "%C5", "%ED%A0%80", "%2F", ".json", ";a=b",
             "%25", "\\", "'", "*", "%E2%80%AE"]
        ),
    )  # fmt: skip


def queries(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Repeated and conflicting parameters, known and unknown ones, empty and odd values, bad percent-encoding."""
    name = st.one_of(*[st.sampled_from([*names, "o", "field", "page", "page_size", "format"])] * 4, TEXT.map(_quoted))
    value = st.one_of(
        ANY.map(_quoted),
        NUMBERS_AS_TEXT,
        st.sampled_from(["", "%", "%zz", "%ff", "%00", "%ED%A0%80", "true", "a,b", ",", "-year", "json", "last"]),
    )
    member = st.one_of(st.builds("{}={}".format, name, value), name, st.sampled_from(["", "=", "&&", "=x", "a;b"]))
    many = st.builds(lambda one, times: [one] * times, member, st.sampled_from([2, 100, 1200]))
    return st.one_of(st.lists(member, max_size=6), many).map(
        lambda members: _UNSENT.sub(b"", "&".join(members).encode("ascii", "ignore"))[:20_000]
    )


def headers() -> st.SearchStrategy[Headers]:
    """Often those of staff alone; else some that are odd, repeated or contradict each other."""
    staff = (b"Authorization", b"Token " + STAFF_TOKEN.encode())
    odd = st.lists(st.one_of(_KNOWN_HEADERS, st.tuples(_HEADER_NAMES, _HEADER_VALUES)), max_size=4)
    return st.one_of(
        st.just((staff,)),
        odd.map(lambda more: (staff, *more)),
        odd.map(tuple),
    )


def _with_values(name: bytes, values: Sequence[bytes]) -> st.SearchStrategy[tuple[bytes, bytes]]:
    return st.tuples(st.just(name), st.one_of(st.sampled_from(values), _HEADER_VALUES))


_HEADER_VALUES: Final = st.one_of(
    st.binary(max_size=30).map(lambda value: bytes(byte for byte in value if byte >= 32 and byte != 127)),
    st.sampled_from([b"", b"\t", b"\xc5\xbc", b"\xff", b"*", b",", b";", b"=", b'"', b"x" * 5000, b"a, " * 900]),
)
_HEADER_NAMES: Final = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_!#$%&'*+.^`|~", min_size=1, max_size=20
).map(str.encode)
_KNOWN_HEADERS: Final = st.one_of(
    _with_values(
        b"Authorization",
        [
            b"Token",
            b"Token x",
            b"Bearer x",
            b"Bearer Token x",
            b"Basic eDp5",
            b"token " + STAFF_TOKEN.encode(),
            b"Token \xff",
        ],
    ),
    _with_values(b"Accept", [b"text/html", b"application/json;q=0", b"*/*", b"application/json; indent=1000000000"]),
    _with_values(b"Host", [b"a b", b"[::1", b"a:99999", b"a.example:0", b"\xc5\xbc", b"x" * 300]),
    _with_values(b"X-Forwarded-Proto", [b"https", b"ws", b"javascript"]),
    _with_values(b"X-Forwarded-For", [b"1.2.3.4", b"[::1]:80", b"unknown"]),
    _with_values(b"X-Impersonated-User-Uuid", [b"0" * 32, b"\xff"]),
    _with_values(b"X-Request-ID", [b"1", b"\xff" * 200]),
    _with_values(b"Origin", [b"http://a.example", b"null", b"http://["]),
    _with_values(b"Access-Control-Request-Method", [b"POST", b"\xff"]),
    _with_values(b"Access-Control-Request-Headers", [b"authorization", b"a" * 3000]),
    _with_values(b"Prefer", [b"respond-async", b"code=99", b"code=\xb2", b"example=\xff"]),
    _with_values(b"If-None-Match", [b"*", b'"x"']),
    _with_values(b"Range", [b"bytes=0-1", b"bytes=9999999999999999999999-"]),
    _with_values(b"Expect", [b"100-continue"]),
    _with_values(b"Connection", [b"close", b"keep-alive"]),
    _with_values(b"Cookie", [b"a=b; c"]),
)


def bodies(names: Sequence[str]) -> st.SearchStrategy[tuple[Headers, bytes]]:
    """The content type and the content, which need not agree."""
    return st.one_of(
        st.tuples(st.just(_typed(b"application/json")), json_documents(names)),
        st.tuples(st.just(_typed(b"application/json")), json_documents(names)),
        st.tuples(_form_types(), forms(names)),
        st.builds(_multipart, _boundaries(), st.lists(_parts(names), max_size=5), _CHARSETS, _ENDINGS),
        st.tuples(st.one_of(st.just(()), _HEADER_VALUES.map(_typed)), st.one_of(json_documents(names), forms(names))),
    )


def _typed(media_type: bytes) -> Headers:
    return ((b"Content-Type", media_type),)


_CHARSETS: Final = st.sampled_from(
    [b"", b"; charset=utf-8", b"; charset=utf-16", b"; charset=undefined", b"; charset=punycode", b"; charset=base64",
     b"; charset=idna", b"; charset=\xff", b"; charset*=utf-8''x", b"; charset=utf-7", b"; charset=unicode_escape",
     b"; charset=" + b"x" * 200, b"; charset=rot13", b"; charset=mbcs", b'; charset="', b"; charset=utf-8; charset=x"]
)  # fmt: skip
_ENDINGS: Final = st.sampled_from([b"--\r\n", b"--", b"", b"\r\n", b"--\r\nafterwards"])


def _form_types() -> st.SearchStrategy[Headers]:
    return _CHARSETS.map(lambda charset: _typed(b"application/x-www-form-urlencoded" + charset))


def forms(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Forms, with values that are sent twice, as nothing, or with bad percent-encoding."""
    name = st.one_of(st.sampled_from([*names, "a"]), TEXT.map(_quoted_plus))
    value = st.one_of(ANY.map(_quoted_plus), st.sampled_from(["", "%", "%zz", "%ff%fe", "%00", "a=b", ";"]))
    members = st.lists(st.one_of(st.builds("{}={}".format, name, value), name), max_size=6)
    many = st.sampled_from([999, 1000, 1001]).map(lambda times: ["a=1"] * times)
    return st.one_of(st.one_of(members, many).map("&".join).map(str.encode), st.binary(max_size=40))


def _boundaries() -> st.SearchStrategy[bytes]:
    return st.one_of(
        *[st.just(b"edge")] * 4,
        st.sampled_from([b"", b"-", b" ", b'"quo ted"', b"x" * 70, b"x" * 202, b"\xff", b"a\tb", b"'()+_,-./:=?"]),
    )


_FILENAMES: Final = (
    b"a.pdf", b"", b"..", b"../../etc/passwd", b"a\x00b", b"&#0;", b"&#55296;", b"\xff", b"C:\\x", b"x" * 900,
)  # fmt: skip
_ODD_HEADS: Final = (
    b"Content-Disposition: form-data",
    b"Content-Disposition: form-data; name*=utf-8''a%ff",
    b"Content-Disposition: form-data; name*=nonsense''a",
    b"Content-Disposition: form-data; name*0=a; name*1=b",
    b"Content-Disposition: form-data; name=a; filename*=undefined''b",
    b"X",
    b"",
    b":",
    b"X: " + b"y" * 1100,
)
_MORE_HEADS: Final = (
    b"",
    b"\r\nContent-Transfer-Encoding: base64",
    b"\r\nContent-Type: text/plain; charset=x",
)


def _parts(names: Sequence[str]) -> st.SearchStrategy[bytes]:
    name = st.one_of(st.sampled_from([*names, "proof"]).map(str.encode), st.binary(max_size=8))
    disposition = st.one_of(
        name.map(lambda value: b'Content-Disposition: form-data; name="%s"' % value),
        st.tuples(name, st.sampled_from(_FILENAMES)).map(
            lambda pair: b'Content-Disposition: form-data; name="%s"; filename="%s"' % pair
        ),
        st.sampled_from(_ODD_HEADS),
    )
    content = st.one_of(ANY.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=40))
    return st.builds(
        lambda head, more, value: head + more + b"\r\n\r\n" + value, disposition, st.sampled_from(_MORE_HEADS), content
    )


def _multipart(boundary: bytes, parts: Sequence[bytes], charset: bytes, ending: bytes) -> tuple[Headers, bytes]:
    content = b"".join(b"--%s\r\n%s\r\n" % (boundary.strip(b'"'), part) for part in parts)
    end = b"--" + boundary.strip(b'"') + ending if ending else b""
    return _typed(b"multipart/form-data; boundary=" + boundary + charset), content + end


def _names(document: Node, operation: Operation) -> Sequence[str]:
    """The fields that the bodies of an operation describe."""
    names: dict[str, None] = {}
    for schema in operation.bodies.values():
        names |= dict.fromkeys(_properties(document, schema))
    return tuple(names) or ("unread",)


def _properties(document: Node, schema: Node) -> Sequence[str]:
    found: Mapping[str, Any] = resolve(document, schema)
    inner = [name for part in found.get("allOf", ()) for name in _properties(document, part)]
    return [*found.get("properties", {}), *inner]


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="surrogatepass")


def _quoted_plus(text: str) -> str:
    return quote_plus(text, errors="surrogatepass")
