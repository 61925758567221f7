"""Targets that are no Waldur: broken HTTP, endless bodies, odd headers. `ELSEWHERE` is another host."""

import zlib
from collections.abc import Mapping
from functools import cache
from typing import Final

from tests.hostile.listener import Asked, Behaviour, Connection

ELSEWHERE: Final = "http://elsewhere.invalid"
"""Replaced by the URL of a listener that must never be asked."""
JSON: Final = "application/json"
ZEROS: Final = 1 << 20
YEAR: Final = 31_536_000


def head(status: int | str = 200, kind: str = JSON, **headers: str) -> bytes:
    """A status line and headers; underscores in names are hyphens."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def writes(data: bytes) -> Behaviour:
    """The same bytes to everything, which may be no HTTP."""

    def behave(asked: Asked, to: Connection) -> None:
        to.write(data)

    return behave


def says(body: bytes, status: int = 200, kind: str = JSON, **headers: str) -> Behaviour:
    """The same answer to everything."""
    return writes(head(status, kind, Content_Length=str(len(body)), **headers) + body)


def _dies(asked: Asked, to: Connection) -> None:
    to.reset()


def _dies_in_the_body(asked: Asked, to: Connection) -> None:
    to.write(head(Content_Length="4096") + b'[{"uuid":')
    to.reset()


def _hangs(asked: Asked, to: Connection) -> None:
    to.wait(600)


def _hangs_in_the_body(asked: Asked, to: Connection) -> None:
    to.write(head(Content_Length="4096") + b"[")
    to.wait(600)


def _drips(asked: Asked, to: Connection) -> None:
    if to.write(b"HTTP/1.1 200 OK\r\nX-Slow: "):
        to.endless(b"a", 0.2)


def _drips_the_body(asked: Asked, to: Connection) -> None:
    to.write(head(Content_Length="100000") + b"[")
    to.endless(b" ", 0.2)


def _endless_body(asked: Asked, to: Connection) -> None:
    to.write(head(Transfer_Encoding="chunked"))
    to.endless(b"100000\r\n" + b" " * ZEROS + b"\r\n")


def _gigabyte(asked: Asked, to: Connection) -> None:
    to.write(head(Content_Length=str(1 << 30)) + b"[")
    for _ in range(1 << 10):
        if not to.write(b" " * ZEROS):
            return


def _endless_until_close(asked: Asked, to: Connection) -> None:
    to.write(head())
    to.endless(b" " * ZEROS)


def _endless_headers(asked: Asked, to: Connection) -> None:
    to.write(b"HTTP/1.1 200 OK\r\n")
    to.endless(b"X-More: yes\r\n" * 100)


def _endless_header(asked: Asked, to: Connection) -> None:
    to.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    to.endless(b"a" * ZEROS)


def _endless_interim(asked: Asked, to: Connection) -> None:
    to.endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)


def _gzip_bomb(asked: Asked, to: Connection) -> None:
    bomb = _bomb()
    to.write(head(Content_Encoding="gzip", Content_Length=str(len(bomb))) + bomb)


@cache
def _bomb() -> bytes:
    """A gigabyte of blanks in a megabyte, which takes seconds to make."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [packer.compress(b" " * ZEROS) for _ in range(1024)]
    return b"".join([*parts, packer.flush()])


def _echo(asked: Asked, to: Connection) -> None:
    """The token is in the body, in a header, and in an address."""
    token = asked.headers.get("authorization", "")
    body = f'{{"detail": "Invalid token {token}", "version": "{token}", "{token}": 1}}'.encode()
    to.write(head(403, X_Token=token, Location=f"{ELSEWHERE}/{token}", Content_Length=str(len(body))) + body)


def _echo_in_the_status(asked: Asked, to: Connection) -> None:
    token = asked.headers.get("authorization", "")
    to.write(f"HTTP/1.1 500 {token}\r\nContent-Type: {token}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))


def _redirects(status: int, to_where: str) -> Behaviour:
    def behave(asked: Asked, to: Connection) -> None:
        to.write(head(status, "text/html", Location=to_where + asked.target, Content_Length="0"))

    return behave


def _loops(asked: Asked, to: Connection) -> None:
    to.write(head(302, "text/html", Location=asked.target, Content_Length="0"))


def _retry(status: int, after: str | None) -> Behaviour:
    headers = {} if after is None else {"Retry_After": after}
    return says(b'{"detail": "later"}', status, JSON, **headers)


HTML: Final = b"<!doctype html><html><body><h1>Welcome</h1><script>alert(1)</script></body></html>"
DEEP: Final = b"[" * 200_000
_VERSION: Final = b'{"version": "\\u001b[31m\\u001b]0;owned\\u0007 8.0.9"}'

RAW: Final[Mapping[str, Behaviour]] = {
    "dies": _dies,
    "dies-in-the-body": _dies_in_the_body,
    "closes": writes(b""),
    "hangs": _hangs,
    "hangs-in-the-body": _hangs_in_the_body,
    "drips": _drips,
    "drips-the-body": _drips_the_body,
    "endless-body": _endless_body,
    "gigabyte": _gigabyte,
    "endless-until-close": _endless_until_close,
    "endless-headers": _endless_headers,
    "endless-header": _endless_header,
    "endless-interim-answers": _endless_interim,
    "gzip-bomb": _gzip_bomb,
    "bad-gzip": says(b"no gzip", Content_Encoding="gzip"),
    "unknown-encoding": says(b"[]", Content_Encoding="zstd, br, gzip"),
    "bad-chunks": writes(head(Transfer_Encoding="chunked") + b"zz\r\n[]\r\n0\r\n\r\n"),
    "half-an-answer": writes(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "no-http": writes(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "other-http": writes(b"HTTP/9.9 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
    "no-status": writes(b"HTTP/1.1 OK\r\n\r\n[]"),
    "status-of-four-digits": writes(b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\n[]"),
    "negative-length": writes(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: -5\r\n\r\n[]"),
    "two-lengths": writes(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n[]"),
    "header-without-a-colon": writes(b"HTTP/1.1 200 OK\r\nnonsense\r\nContent-Length: 2\r\n\r\n[]"),
    "folded-headers": writes(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\tSet-Cookie: c=d\r\nContent-Length: 2\r\n\r\n[]"),
    "bytes-in-headers": writes(b"HTTP/1.1 200 OK\r\nX-\xff\x1b[31m: \xfe\x1b\r\nContent-Length: 2\r\n\r\n[]"),
    "html": says(HTML, kind="text/html"),
    "html-as-json": says(HTML),
    "html-not-found": says(HTML, 404, "text/html"),
    "teapot": says(HTML, 418, "text/html"),
    "server-error": says(HTML, 500, "text/html"),
    "unauthorized": says(b'{"detail": "Invalid token."}', 401),
    "forbidden": says(b'{"detail": "No."}', 403),
    "no-content": writes(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "empty": says(b""),
    "empty-object": says(b"{}"),
    "empty-list": says(b"[]"),
    "null": says(b"null"),
    "list-of-nulls": says(b"[null, null]", X_Result_Count="2"),
    "cut-json": says(b'[{"uuid": "'),
    "nan": says(b'[{"uuid": NaN, "price": Infinity}]'),
    "huge-number": says(b'[{"price": 1e999999999, "number": ' + b"9" * 100_000 + b"}]", X_Result_Count="1"),
    "deep-json": says(DEEP),
    "bad-utf-8": says(b'[{"name": "\xff\xfe"}]'),
    "lone-surrogate": says(b'[{"name": "\\ud800", "uuid": "\\ud800"}]', X_Result_Count="1"),
    "escape-codes-in-the-version": says(_VERSION),
    "long-version": says(b'{"version": "' + b"9" * 9_000 + b'"}'),
    "escape-codes-in-the-type": writes(head(200, "application/\x1b[31mjson", Content_Length="2") + b"[]"),
    "echo": _echo,
    "echo-in-the-status": _echo_in_the_status,
    "redirect-elsewhere": _redirects(302, ELSEWHERE),
    "redirect-307": _redirects(307, ELSEWHERE),
    "redirect-without-scheme": _redirects(301, "//elsewhere.invalid"),
    "redirect-loop": _loops,
    "redirect-to-a-file": _redirects(302, "file:///etc/passwd?"),
    "many-requests": _retry(429, None),
    "many-requests-now": _retry(429, "0"),
    "many-requests-a-year": _retry(429, str(YEAR)),
    "unavailable": _retry(503, None),
    "unavailable-a-second": _retry(503, "1"),
    "unavailable-a-year": _retry(503, str(YEAR)),
    "unavailable-for-ever": _retry(503, "9" * 400),
    "unavailable-negative": _retry(503, "-1"),
    "unavailable-in-text": _retry(503, "soon"),
    "unavailable-in-superscript": writes(head(503, Retry_After="\xb2", Content_Length="0")),
    "unavailable-until-a-date": _retry(503, "Fri, 31 Dec 2099 23:59:59 GMT"),
    "unavailable-until-no-date": _retry(503, "Fri, 99 Foo 2099 99:99:99 GMT"),
    "unavailable-a-fraction": _retry(503, "1.5"),
    "unavailable-infinity": _retry(503, "inf"),
}
"""All of them by name. None can be judged, so that the exit code is 2."""
