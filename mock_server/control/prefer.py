"""The header `Prefer` of a request (RFC 7240), as Prism reads it: `code=404, delay=200, example=november`."""

from dataclasses import dataclass
from typing import Final, Self

from waldur_billing_mock.mock_server.web.problems import Problem, detail
from waldur_billing_mock.mock_server.web.short_cache import short_cache


@dataclass(frozen=True, slots=True)
class Preference:
    """What one request asks for: a status, milliseconds to wait, the name of an example. None: no wish."""

    code: int | None = None
    delay: int = 0
    example: str | None = None

    @classmethod
    def read(cls, header: bytes) -> Self | None:
        """The preferences that the mock knows; None without any. Raises `Problem` 400 for values that make no sense."""
        said = dict(_pairs(header.decode("latin-1")))
        if said.keys().isdisjoint(("code", "delay", "example")):
            return None
        return cls(
            code=_number(said, "code", 100, 599),
            delay=_number(said, "delay", 0, 600_000) or 0,
            example=_name(said, "example"),
        )

    @property
    def applied(self) -> str:
        """The header `Preference-Applied` of the answer."""
        wishes = {"code": self.code, "delay": self.delay or None, "example": self.example}
        return ", ".join(f"{name}={value}" for name, value in wishes.items() if value is not None)


def _read_pairs(header: str) -> tuple[tuple[str, str], ...]:
    pairs = (part.partition("=") for part in header.replace(";", ",").split(","))
    return tuple((name.strip().lower(), value.strip().strip('"')) for name, _, value in pairs)


_pairs: Final = short_cache(256, _read_pairs)


def _name(said: dict[str, str], name: str) -> str | None:
    """A name that the answer repeats in a header."""
    text = said.get(name)
    if text is not None and not (text.isascii() and text.isprintable()):
        raise _refused(f"Prefer: {name} must be a name in ASCII.")
    return text


def _number(said: dict[str, str], name: str, least: int, most: int) -> int | None:
    text = said.get(name)
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise _refused(f"Prefer: {name} must be a number from {least} to {most}.")
    return int(text)


def _refused(message: str) -> Problem:
    return detail(400, message)
