"""What Schemathesis leaves out when it tests the mock (`make st`)."""

from typing import Any, Final

import schemathesis

_SHORTEST_LIMIT: Final = 30
"""The smallest maxLength of a text in a body."""


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    """Multipart bodies that are no parts, and texts that are only too long with the blanks around them, are left out.

    Anything but parts is an empty form to Django, and so to Waldur and the mock. Blanks around a text are removed
    before its length is looked at, which a schema cannot say.
    """
    if case.media_type == "multipart/form-data" and not isinstance(case.body, dict):
        return False
    return not (isinstance(case.body, dict) and any(map(_is_long_with_blanks, case.body.values())))


def _is_long_with_blanks(value: object) -> bool:
    return isinstance(value, str) and len(value) > _SHORTEST_LIMIT and value != value.strip()
