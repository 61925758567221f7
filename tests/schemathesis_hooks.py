"""What Schemathesis leaves out when it tests the mock (`make st`)."""

from typing import Any, Final

import schemathesis

_SHORTEST_LIMIT: Final = 30
"""The smallest maxLength of a text in a body."""


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Leaves out what does not arrive as what it was generated as, so that nothing in the request is wrong.

    Multipart bodies that are no parts: they are an empty form to Django, and so to Waldur and the mock. Objects in the
    query: they are written like arrays, or not at all. Texts that are only too long with the blanks around them, which
    are removed before the length is looked at, and texts with NUL, which Django refuses; the contract does not say so.
    """
    if any(isinstance(value, dict) for value in (case.query or {}).values()):
        return False
    if case.media_type == "multipart/form-data" and not isinstance(case.body, dict):
        return False
    return not (isinstance(case.body, dict) and any(map(_is_refused_by_rule, case.body.values())))


def _is_refused_by_rule(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return "\0" in value or (len(value) > _SHORTEST_LIMIT and value != value.strip())
