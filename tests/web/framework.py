"""Django REST framework, set up for tests: what its parsers make of a body, without a database or a server."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any, Final

import django
from django.conf import settings as django_settings

if not django_settings.configured:
    django_settings.configure(USE_TZ=True, TIME_ZONE="UTC", LANGUAGE_CODE="en", USE_I18N=False, DEFAULT_CHARSET="utf-8")
    django.setup()

from django.core.handlers.wsgi import WSGIRequest
from rest_framework import serializers
from rest_framework.exceptions import APIException
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request

__all__ = ["parsed", "serializers"]

Refusal = tuple[int, str]
"""A status and the sentence under `detail`."""

_PARSERS: Final = (JSONParser(), FormParser(), MultiPartParser())


def parsed(content: bytes, content_type: str) -> Mapping[str, object] | Refusal:
    """The fields of a form by name, of several the last; a file is its name and its size."""
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": BytesIO(content),
    }
    request: Any = Request(WSGIRequest(environ), parsers=_PARSERS)
    try:
        data = request.data
    except APIException as refusal:
        return refusal.status_code, str(refusal.detail)
    return {name: (value.name, value.size) if hasattr(value, "size") else value for name, value in data.items()}
