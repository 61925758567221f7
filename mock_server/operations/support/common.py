"""What several neighbours need: identifiers of what is no row, names in addresses, filters of text, links."""

import re
import unicodedata
from collections.abc import Callable
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final, TypeVar

from waldur_billing_mock.mock_server.billing.faults import NotFound
from waldur_billing_mock.mock_server.operations.call import Call, read_uuid
from waldur_billing_mock.mock_server.web.listing import Filter, Key

Row = TypeVar("Row")

_NOT_IN_SLUGS: Final = re.compile(r"[^a-z0-9]+")


def derived_uuid(kind: str, name: str) -> str:
    """The identifier of something that is no row, such as a role: it follows from its name."""
    digits = blake2b(f"{kind}:{name}".encode(), digest_size=16).hexdigest()
    # Version 4, of the variant of RFC 9562.
    return f"{digits[:12]}4{digits[13:16]}{'89ab'[int(digits[16], 16) % 4]}{digits[17:]}"


def slug(name: str) -> str:
    """The name in characters that an address may hold; the word `unnamed` where it has none of them."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return _NOT_IN_SLUGS.sub("-", plain).strip("-")[:50] or "unnamed"


def has_text(read: Callable[[Row], str]) -> Filter[Row]:
    """Whether a text of the row contains the value, in any case."""
    return lambda row, value: value.casefold() in read(row).casefold()


def equals(read: Callable[[Row], object]) -> Filter[Row]:
    """Whether a field of the row is the value."""
    return lambda row, value: read(row) == value


def is_among(read: Callable[[Row], object]) -> Filter[Row]:
    """Whether a field of the row is one of the values."""
    return lambda row, values: read(row) in values


def by(*names: str) -> dict[str, Key[Any]]:
    """Orders by attributes of these names."""
    return {name: attrgetter(name) for name in names}


def path_uuid(call: Call) -> str | None:
    """The uuid in the path; None for text that is none."""
    return read_uuid(call.path["uuid"])


def linked_uuid(call: Call, parameter: str, *templates: str) -> str | None:
    """The uuid of the object of one of these paths that the link in a parameter leads to; None for another link."""
    target = call.links.resolve(call.query[parameter])
    return read_uuid(target[1]) if target is not None and target[0] in templates else None


def shown(found: Row | None, visible: bool, model: str) -> Row:
    """The row, where there is one and the caller may see it. Raises `NotFound`."""
    if found is None or not visible:
        raise NotFound(model)
    return found
