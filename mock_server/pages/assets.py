"""The files that pages are made of: style, scripts, icon. Their addresses hold a hash, so browsers may keep them."""

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEEP: Final = {"Cache-Control": "private, max-age=31536000, immutable"}


@cache
def address(name: str) -> str:
    """Where a file is served; the address changes with the content."""
    return f"/_mock/static/{name}?v={sha256(_content(name)).hexdigest()[:12]}"


async def asset(request: Request) -> Response:
    """One of the files; 404 for any other name."""
    name = request.path_params["name"]
    if name not in _names():
        return PlainTextResponse("There is no such file.", 404)
    headers = _KEEP if "v" in request.query_params else None
    return Response(_content(name), headers=headers, media_type=_TYPES[Path(name).suffix])


async def icon(request: Request) -> Response:
    """The icon that browsers ask for by themselves."""
    return Response(_content("icon.svg"), media_type=_TYPES[".svg"])


@cache
def _names() -> frozenset[str]:
    return frozenset(path.relative_to(_FOLDER).as_posix() for path in _FOLDER.rglob("*") if path.suffix in _TYPES)


@cache
def _content(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
