"""How much a client may send. What is more is refused, before it is held in memory."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every limit on a request. What exceeds one is refused with 413, 414 or 431, and JSON nested too deep with 400."""

    body_bytes: int = 2_621_440
    """Bytes of a JSON or form body, and of all fields of a multipart form. Django has the same limit."""
    upload_bytes: int = 1 << 28
    """Bytes of a multipart form with its files, none of which is stored."""
    fields: int = 1000
    """Fields of a form."""
    files: int = 100
    """Files of a multipart form."""
    json_depth: int = 500
    """Arrays and objects in each other."""
    url_bytes: int = 1 << 15
    """Bytes of a path with its query."""
    headers: int = 100
    """Headers of a request."""
    head_bytes: int = 1 << 16
    """Bytes of the request line and all headers."""
    connections: int = 1000
    """Connections at one time. More are answered with 503."""
    silence_seconds: float = 60
    """How long a client may take for a head, or be silent in the middle of a body. Then the connection is closed."""
