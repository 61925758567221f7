"""The one function that every text passes before anybody reads it: terminal, reports, tracebacks, ledger files."""

import re
from collections.abc import Iterable
from types import TracebackType
from typing import Final, TextIO
from urllib.parse import quote

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""Secrets that are shorter would replace ordinary words."""
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_USER_INFO: Final = re.compile(r"(?<=://)[^\s/@'\"<>]+@")


class Redactor:
    """Replaces secrets, passwords in URLs and control characters (written as escapes). Line breaks and tabs stay."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets if len(secret) >= _SHORTEST for spelling in _spellings(secret)}
        self._secrets: Final = sorted(spellings, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text as it may be shown."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _USER_INFO.sub(f"{HIDDEN}@", text)
        return _CONTROL.sub(lambda match: _escape(match[0]), text)


class SafeStream:
    """A text stream that redacts all that is written to it; `write_raw` is for the escapes of a progress bar."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: Final = stream
        self.redact = Redactor()

    def write(self, text: str) -> int:
        """Writes a redacted text. What the stream cannot encode is written as escapes."""
        return self.write_raw(self.redact(text))

    def write_raw(self, text: str) -> int:
        """Writes a text as it is."""
        encoding = self._stream.encoding or "utf-8"
        return self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding))

    def flush(self) -> None:
        """Flushes the stream."""
        self._stream.flush()

    def isatty(self) -> bool:
        """Whether a person looks at the stream."""
        return self._stream.isatty()


class Caught:
    """A context that keeps an unexpected error instead of letting it end the run: `error` is None or that error.

    Interruptions pass, and so do the errors of the given types.
    """

    def __init__(self, *passing: type[BaseException]) -> None:
        self.error: Exception | None = None
        self._passing: Final = passing

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception) or isinstance(error, self._passing):
            return False
        self.error = error
        return True


def _spellings(secret: str) -> Iterable[str]:
    """The ways in which a secret may turn up in a text: as it is, in a URL, or in a literal."""
    yield secret
    yield quote(secret, safe="")
    yield repr(secret)[1:-1]
    yield from (part for part in secret.split() if len(part) >= 16)


def _escape(sign: str) -> str:
    number = ord(sign)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
