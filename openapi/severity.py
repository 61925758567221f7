"""How serious a difference is for a client that was built for the older of two documents.

`breaking`: the client may fail. `warning`: it may meet what it does not know. `info`: it need not notice.
"""

from typing import Final, Literal, TypeAlias

from waldur_billing_mock.openapi.difference import Difference

Severity: TypeAlias = Literal["breaking", "warning", "info"]

SEVERITIES: Final[tuple[Severity, ...]] = ("breaking", "warning", "info")
_TIGHTENING: Final = {"maxLength", "maximum", "maxItems", "pattern", "minLength", "minimum", "minItems", "uniqueItems"}


def severity(difference: Difference) -> Severity:
    """The severity of a difference. What is both in requests and in responses is as serious as the worse of both."""
    found = [_severity(difference, direction) for direction in _directions(difference)]
    return min(found, key=SEVERITIES.index)


def _directions(difference: Difference) -> list[str]:
    if difference.directions:
        return sorted(difference.directions)
    first = difference.place[0] if difference.place else ""
    if "parameter" in first or first == ", body":
        return ["request"]
    return ["response"] if first.startswith(", response") else [""]


def _severity(difference: Difference, direction: str) -> Severity:
    place, facet = difference.place, difference.facet
    if not place and not facet:
        # A schema that came or went is reported where it is used.
        return "breaking" if difference.old is not None and difference.subject[0:6] != "Schema" else "info"
    if facet == "operationId":
        return "breaking"
    if facet == "schemes":
        return _of_schemes(difference)
    if facet.startswith("x-") or facet == "default":
        return "info"
    if not facet:
        return _of_presence(difference, direction)
    if direction == "request":
        return _of_request(difference)
    return _of_response(difference)


def _of_schemes(difference: Difference) -> Severity:
    """A way to authenticate that has only another name is none that is gone."""
    old, new = (
        {scheme.partition(" (")[2] for scheme in schemes if schemes}
        for schemes in (difference.old or (), difference.new or ())
    )
    return "info" if old <= new else "breaking"


def _of_presence(difference: Difference, direction: str) -> Severity:
    """A parameter, a field, a body, a response or a header is new, or gone."""
    added = difference.old is None
    if direction == "request":
        return ("breaking" if difference.required else "info") if added else "warning"
    success = difference.place[-1].startswith(", response 2")
    if added or (difference.place[-1].startswith(", response") and not success):
        return "info"
    return "breaking" if success or difference.required else "warning"


def _of_request(difference: Difference) -> Severity:
    old, new, facet = difference.old, difference.new, difference.facet
    if facet == "type":
        return "info" if _accepts(str(new), str(old)) else "breaking"
    if facet == "required":
        gained = set(new or ()) - set(old or ()) if isinstance(new, tuple) else {new} & {"true"}
        return "breaking" if gained else "info"
    if facet == "enum":
        return "breaking" if old is None or (new is not None and set(old) - set(new)) else "info"
    return "breaking" if facet in _TIGHTENING and new is not None else "info"


def _of_response(difference: Difference) -> Severity:
    old, new, facet = difference.old, difference.new, difference.facet
    if facet == "type":
        match difference.swap:
            case "loses required fields":
                return "breaking"
            case "loses fields":
                return "warning"
            case "keeps all fields":
                return "info"
        return "info" if old == "no body" or _accepts(str(old), str(new)) else "breaking"
    if facet == "required":
        return "breaking" if set(old or ()) - set(new or ()) else "info"
    if facet == "enum":
        return "warning" if old is not None and (new is None or set(new) - set(old)) else "info"
    return "info"


def _accepts(wide: str, narrow: str) -> bool:
    """Whether everything of one type is of another: the same without a format or with more choices, or anything."""
    if wide == "any":
        return True
    if wide.endswith(" or null") and (narrow == "null" or not narrow.endswith(" or null")):
        return _accepts(wide.removesuffix(" or null"), narrow)
    bare = narrow.partition(" (")[0]
    return wide in (narrow, bare) or (wide == "number" and bare == "integer")
