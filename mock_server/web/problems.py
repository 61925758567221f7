"""Refusals in Waldur's words: every status, error body and message of the API (behaviour 1.2, 1.4)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from waldur_billing_mock.mock_server.spec.validation import ErrorDetail

JSON_TYPE: Final = "application/json"

FIELD_MESSAGES: Final[Mapping[str, str]] = {
    "required": "This field is required.",
    "null": "This field may not be null.",
    "blank": "This field may not be blank.",
    "not_a_string": "Not a valid string.",
    "max_length": "Ensure this field has no more than {limit} characters.",
    "null_character": "Null characters are not allowed.",
    "surrogate": "Surrogate characters are not allowed: {value}.",
    "not_a_url": "Enter a valid URL.",
    "not_a_number": "A valid number is required.",
    "number_too_long": "String value too large.",
    "max_digits": "Ensure that there are no more than {limit} digits in total.",
    "max_places": "Ensure that there are no more than {limit} decimal places.",
    "max_whole_digits": "Ensure that there are no more than {limit} digits before the decimal point.",
    "minimum": "Ensure this value is greater than or equal to {limit}.",
    "maximum": "Ensure this value is less than or equal to {limit}.",
    "not_an_integer": "A valid integer is required.",
    "not_in_enum": '"{value}" is not a valid choice.',
    "not_a_uuid": "Must be a valid UUID.",
    "not_a_date": "Date has wrong format. Use one of these formats instead: YYYY-MM-DD.",
    "not_an_instant": (
        "Datetime has wrong format. Use one of these formats instead: YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
    ),
    "instant_out_of_range": "Datetime value out of range.",
    "not_a_link": "Incorrect type. Expected URL string, received {value}.",
    "not_a_list": 'Expected a list of items but got type "{value}".',
    "not_an_object": "Invalid data. Expected a dictionary, but got {value}.",
    "not_a_file": "The submitted data was not a file. Check the encoding type on the form.",
    "empty_file": "The submitted file is empty.",
}
"""What a serializer says of a field."""

FILTER_MESSAGES: Final[Mapping[str, str]] = {
    **FIELD_MESSAGES,
    "not_a_number": "Enter a number.",
    "not_a_uuid": "Enter a valid UUID.",
    "not_a_choice": "Select a valid choice. {value} is not one of the available choices.",
    "not_a_filter_date": "Enter a valid date.",
}
"""What a filter says of a query parameter, where its words are others."""


class Problem(Exception):
    """A refusal on its way to the client: a status, a JSON body (or an HTML page), headers."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None, *, html: bool = False) -> None:
        super().__init__(status, body)
        self.status: Final = status
        self.body: Final = body
        self.headers: Final = dict(headers or {})
        self.html: Final = html


def detail(status: int, message: str, headers: Mapping[str, str] | None = None) -> Problem:
    """The common shape of a refusal: one sentence under `detail`."""
    return Problem(status, {"detail": message}, headers)


def unauthorized(message: str = "Authentication credentials were not provided.") -> Problem:
    return detail(401, message, {"WWW-Authenticate": "Token"})


def forbidden() -> Problem:
    return detail(403, "You do not have permission to perform this action.")


def not_found(message: str = "Not found.") -> Problem:
    return detail(404, message)


def method_not_allowed(method: str) -> Problem:
    return detail(405, f'Method "{method}" not allowed.')


def not_acceptable() -> Problem:
    return detail(406, "Could not satisfy the request Accept header.")


def unsupported_media_type(media_type: str) -> Problem:
    return detail(415, f'Unsupported media type "{media_type}" in request.')


def parse_error(message: str) -> Problem:
    return detail(400, message)


def unknown_charset(name: str) -> Problem:
    return detail(400, f"The charset {name!r} is not known.")


def too_large(message: str) -> Problem:
    return detail(413, message)


def body_too_large(most: int) -> Problem:
    return too_large(f"The body is larger than the {most} bytes that are accepted.")


def not_an_object(kind: str) -> Problem:
    """A body that is JSON, but no object. `kind` is the Python type that it was read into."""
    message = "No data provided" if kind == "NoneType" else f"Invalid data. Expected a dictionary, but got {kind}."
    return Problem(400, {"non_field_errors": [message]})


def page_not_found() -> Problem:
    """An address that is no part of the API: an HTML page, not JSON."""
    return Problem(404, _page("Not Found", "The requested resource was not found on this server."), html=True)


def server_error() -> Problem:
    return Problem(500, _page("Server Error (500)", ""), html=True)


def invalid_fields(errors: Mapping[str, Sequence[ErrorDetail]]) -> Problem:
    """All errors of a body, or of the arguments that a serializer validates."""
    return Problem(400, {name: [_say(error, FIELD_MESSAGES) for error in found] for name, found in errors.items()})


def invalid_query(errors: Mapping[str, Sequence[ErrorDetail]], extensions: Mapping[str, Mapping[str, Any]]) -> Problem:
    """All errors of the query parameters, whose `x-waldur-` extensions by name say how they are validated.

    A parameter with `x-waldur-refusals` (error code: sentence) is refused with that sentence alone, as a list; the
    error codes of its `x-waldur-server-error` are those that the server itself trips over.
    """
    for name, found in errors.items():
        for error in found:
            if error.code in extensions[name].get("x-waldur-server-error", ()):
                return server_error()
            if error.code in (sentences := extensions[name].get("x-waldur-refusals", {})):
                return Problem(400, [sentences[error.code]])
    body = {}
    for name, found in errors.items():
        as_field = extensions[name].get("x-waldur-validated-as") == "field"
        body[name] = [_say(error, FIELD_MESSAGES if as_field else FILTER_MESSAGES) for error in found]
    return Problem(400, body)


def _say(error: ErrorDetail, messages: Mapping[str, str]) -> Any:
    """The message of an error; of an invalid row in a list, its messages by field."""
    if error.code == "row" and isinstance(error.value, Mapping):
        return {name: [_say(found, messages) for found in errors] for name, errors in error.value.items()}
    return messages[error.code].format(value=error.value, limit=error.limit)


def _page(title: str, text: str) -> str:
    return (
        f'\n<!doctype html>\n<html lang="en">\n<head>\n  <title>{title}</title>\n</head>\n'
        f"<body>\n  <h1>{title}</h1><p>{text}</p>\n</body>\n</html>\n"
    )
