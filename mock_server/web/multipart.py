"""Multipart forms, read as they arrive. Of a file only the name and the size are stored.

Django's parser decides what is a form, as Waldur uses it: it takes every part that it understands and skips the others.
"""

import base64
import binascii
import codecs
import html
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value
from typing import Final

from waldur_billing_mock.mock_server.web import problems
from waldur_billing_mock.mock_server.web.limits import Limits

_BOUNDARY: Final = re.compile(r"[ -~]{0,200}[!-~]")
_OF_HOST_NAMES: Final = frozenset({"idna", "punycode"})
_LONGEST_HEAD: Final = 1024
"""Bytes of all headers of a part."""


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded file, whose content is not stored."""

    filename: str
    size: int


Form = Mapping[str, str | File]
"""Fields and files by name. Of several with one name, the last counts, and files before fields."""


class MultipartReader:
    """Takes the bytes of one form in pieces of any size."""

    def __init__(self, content_type: str, limits: Limits) -> None:
        """Raises `Problem` 400 for a content type that does not tell the boundary."""
        self._separator: Final = b"--" + _boundary(content_type)
        self._form: Final = _Form(charset_of(content_type), limits)
        self._pending = b""
        self._part = _Part(self._form)

    def feed(self, piece: bytes) -> None:
        """Reads on. Raises `Problem` 400 for a form that cannot be read, 413 for one that is too large."""
        *parts, rest = (self._pending + piece).split(self._separator)
        for content in parts:
            self._form.keep_file()
            self._part.feed(_without_line_break(content))
            self._part.close()
            self._part = _Part(self._form)
        # The end may be the beginning of a separator, with the line break that belongs to it.
        certain = max(0, len(rest) - len(self._separator) - 1)
        self._part.feed(rest[:certain])
        self._pending = rest[certain:]

    def close(self) -> Form:
        """The form, after its last piece. Raises `Problem` like `feed`."""
        if self._pending:
            self._form.keep_file()
        self._part.feed(self._pending)
        self._part.close()
        return {**self._form.fields, **self._form.files}


class _Form:
    """What has been read so far."""

    def __init__(self, charset: str, limits: Limits) -> None:
        self.charset: Final = charset
        self.fields: Final[dict[str, str]] = {}
        self.files: Final[dict[str, File]] = {}
        self.last_file: tuple[str, File] | None = None
        self._limits: Final = limits
        self._fields = 0
        self._files = 0
        self._bytes = 0

    def keep_file(self) -> None:
        """Takes the file that was read last. It is only complete when another part begins after it."""
        if self.last_file is not None:
            name, file = self.last_file
            self.files[name] = file
            self.last_file = None

    def count_field(self) -> None:
        self._fields += 1
        if self._fields > self._limits.fields:
            raise problems.too_large(f"The form has more than {self._limits.fields} fields.")

    def count_file(self) -> None:
        self._files += 1
        if self._files > self._limits.files:
            raise problems.too_large(f"The form has more than {self._limits.files} files.")

    def count_bytes(self, number: int) -> None:
        self._bytes += number
        if self._bytes > self._limits.body_bytes:
            raise problems.body_too_large(self._limits.body_bytes)

    def text(self, value: bytes) -> str:
        return decoded(value, self.charset)


class _Part:
    """One part: its headers, then the content of a field or a file, or what is skipped."""

    def __init__(self, form: _Form) -> None:
        self._form: Final = form
        self._head: bytes | None = b""
        self._content: _Field | _FileContent | None = None

    def feed(self, piece: bytes) -> None:
        if self._head is not None:
            self._head += piece
            head, end, piece = self._head[:_LONGEST_HEAD].partition(b"\r\n\r\n")
            if not end:
                if len(self._head) >= _LONGEST_HEAD:
                    raise _broken("Request max total header size exceeded.")
                return
            piece = self._head[len(head) + len(end) :]
            self._head = None
            self._content = _content_of(head, self._form)
        if self._content is not None:
            self._content.feed(piece)

    def close(self) -> None:
        if self._content is not None:
            self._content.close()


class _Field:
    """The content of a field."""

    def __init__(self, form: _Form, name: str, *, is_base64: bool) -> None:
        form.count_field()
        self._form: Final = form
        self._name: Final = name
        self._is_base64: Final = is_base64
        self._pieces: Final[list[bytes]] = []

    def feed(self, piece: bytes) -> None:
        self._form.count_bytes(len(piece))
        self._pieces.append(piece)

    def close(self) -> None:
        value = b"".join(self._pieces)
        if self._is_base64:
            with suppress(binascii.Error):  # What is not base64 is taken as it came.
                value = base64.b64decode(value)
        self._form.fields[self._name] = self._form.text(value)


class _FileContent:
    """The content of a file, which is counted and dropped."""

    def __init__(self, form: _Form, name: str, filename: str, *, is_base64: bool) -> None:
        form.count_file()
        self._form: Final = form
        self._name: Final = name
        self._filename: Final = filename
        self._is_base64: Final = is_base64
        self._remainder = b""
        self._size = 0

    def feed(self, piece: bytes) -> None:
        if self._is_base64:
            digits = self._remainder + b"".join(piece.split())
            whole = len(digits) // 4 * 4
            piece, self._remainder = _from_base64(digits[:whole]), digits[whole:]
        self._size += len(piece)

    def close(self) -> None:
        if self._remainder:
            raise _broken("Could not decode base64 data.")
        self._form.last_file = (self._name, File(self._filename, self._size))


def _content_of(head: bytes, form: _Form) -> _Field | _FileContent | None:
    """Where the content of a part goes by its headers; None for a part without a name, or a file without one."""
    headers = dict(_headers(head))
    _, disposition = headers.get("content-disposition", ("", {}))
    if "name" not in disposition:
        return None
    encoding, _ = headers.get("content-transfer-encoding", ("", {}))
    is_base64 = encoding.strip() == "base64"
    name = form.text(disposition["name"].strip())
    if not disposition.get("filename"):
        return _Field(form, name, is_base64=is_base64)
    filename = _sanitized(form.text(disposition["filename"]))
    return _FileContent(form, name, filename, is_base64=is_base64) if filename else None


def _headers(head: bytes) -> Iterator[tuple[str, tuple[str, Mapping[str, bytes]]]]:
    """The headers of a part that can be read: name, value and parameters."""
    for line in head.split(b"\r\n"):
        try:
            main, parameters = _parameters(line.decode())
            name, value = main.split(":", 1)
            yield name, (value, {key: text.encode() for key, text in parameters.items()})
        except ValueError:
            continue  # Such a line is no header.


def _parameters(line: str) -> tuple[str, Mapping[str, str]]:
    """The value of a header, in lower case, and its parameters.

    Raises `ValueError` for an unknown encoding of one, or for pieces of one that have no order (RFC 2231).
    """
    if ";" not in line:
        return line.strip().lower(), {}
    message = Message()
    message["content-type"] = line
    try:
        (main, _), *parameters = message.get_params([("", "")])
    except TypeError:  # Before Python 3.14 the standard library sorts the pieces, of which some have no number.
        raise ValueError("the pieces of a parameter have no order") from None
    found = {}
    for name, value in parameters:
        if name:
            found[name] = _parameter(value)
    return main.lower(), found


def _parameter(value: str | tuple[str | None, str | None, str]) -> str:
    """The value of a parameter, which may name its encoding (RFC 2231)."""
    if isinstance(value, tuple) and value[0]:
        try:
            codecs.lookup(value[0])
        except LookupError:
            raise ValueError(f"{value[0]!r} is not a known encoding") from None
    return collapse_rfc2231_value(value)


def charset_of(content_type: str) -> str:
    """The character set that a content type names; UTF-8 where it names none that is known."""
    try:
        return codecs.lookup(_parameters(content_type)[1].get("charset", "utf-8")).name
    except (LookupError, ValueError):
        return "utf-8"


def decoded(value: bytes, charset: str) -> str:
    """Text, with a mark for every byte that is none. Raises `Problem` 400 for what is no character set of text."""
    must_be_charset(charset)
    try:
        return value.decode(charset, "replace")
    except (LookupError, UnicodeError):
        raise problems.unknown_charset(charset) from None


def must_be_charset(charset: str) -> None:
    """Raises `Problem` 400 for an encoding of host names, which some releases of Python read any text by."""
    if charset in _OF_HOST_NAMES:
        raise problems.unknown_charset(charset)


def _boundary(content_type: str) -> bytes:
    if not content_type.startswith("multipart/"):
        raise _broken(f"Invalid Content-Type: {content_type}")
    if not content_type.isascii():
        raise _broken(f"Invalid non-ASCII Content-Type in multipart: {content_type}")
    try:
        boundary = _parameters(content_type)[1].get("boundary")
    except ValueError as error:
        raise _broken(f"Invalid Content-Type: {error}") from error
    if not boundary or not _BOUNDARY.fullmatch(boundary):
        raise _broken(f"Invalid boundary in multipart: {boundary}")
    return boundary.encode("ascii")


def _without_line_break(content: bytes) -> bytes:
    """Without the line break at the end, which belongs to the boundary after it."""
    return content.removesuffix(b"\n").removesuffix(b"\r")


def _sanitized(filename: str) -> str | None:
    """The name without folders and without characters that cannot be printed; None where nothing is left."""
    name = re.split(r"[/\\]", html.unescape(filename))[-1]
    name = "".join(character for character in name if character.isprintable())
    return None if name in ("", ".", "..") else name


def _from_base64(digits: bytes) -> bytes:
    try:
        return base64.b64decode(digits)
    except binascii.Error:
        raise _broken("Could not decode base64 data.") from None


def _broken(message: str) -> problems.Problem:
    return problems.parse_error(f"Multipart form parse error - {message}")
