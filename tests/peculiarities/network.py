"""Peculiarities of what stands between: a proxy that fails once, slow answers, other headers, stale figures."""

import asyncio
import gzip
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.peculiarities.switch import Peculiarity
from tests.wrapping.changes import COSTS, CUSTOMER_COSTS, GROWTH, PROJECT_COSTS, TOTAL_PRICE, Make, always, matches
from tests.wrapping.proxy import Plant, Request, Response, Server

BAD_GATEWAY: Final = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_WHEN: Final = 60
"""The number of the request that a proxy fails."""


def _once(status: int, headers: Mapping[str, str]) -> Make:
    """One read in the middle of the run is answered by a proxy."""

    def make() -> Plant:
        asked = 0

        async def plant(request: Request, server: Server) -> Response:
            nonlocal asked
            asked += 1
            if asked == _WHEN and request.method in ("GET", "HEAD"):
                body = b"" if request.method == "HEAD" else BAD_GATEWAY
                return Response(status, tuple(headers.items())).with_body(body, "text/html")
            return await server.ask(request)

        return plant

    return make


def _slow(seconds: Callable[[Request], float]) -> Make:
    async def plant(request: Request, server: Server) -> Response:
        await asyncio.sleep(seconds(request))
        return await server.ask(request)

    return always(plant)


async def _more_headers(request: Request, server: Server) -> Response:
    """What proxies add, and names of headers in capitals."""
    response = await server.ask(request)
    added = (
        ("Server", "nginx/1.24.0"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("Set-Cookie", "route=1712; Path=/; HttpOnly"),
        ("X-Request-Id", "7f3a"),
        ("Via", "1.1 varnish"),
        ("Age", "0"),
    )
    capitals = tuple(
        ("-".join(part.capitalize() for part in name.split("-")), value) for name, value in response.headers
    )
    return replace(response, headers=(*capitals, *added))


async def _charset(request: Request, server: Server) -> Response:
    response = await server.ask(request)
    if response.header("content-type") != "application/json":
        return response
    return response.with_header("content-type", "application/json; charset=utf-8")


async def _compressed(request: Request, server: Server) -> Response:
    """Large bodies are compressed for callers that accept it."""
    response = await server.ask(request)
    accepts = "gzip" in request.headers.get("accept-encoding", "")
    if request.method == "HEAD" or not accepts or len(response.body) < 500:
        return response
    packed = response.with_body(gzip.compress(response.body, 1), response.header("content-type"))
    return packed.with_header("content-encoding", "gzip").with_header("vary", "Accept-Encoding")


async def _closed(request: Request, server: Server) -> Response:
    """Every connection is closed after its answer."""
    return (await server.ask(request)).with_header("connection", "close")


def _stale() -> Plant:
    """Sums are computed once and cached for a minute."""
    cache: dict[tuple[str, ...], Response] = {}

    async def plant(request: Request, server: Server) -> Response:
        if not matches(request, [GROWTH, COSTS, TOTAL_PRICE, CUSTOMER_COSTS, PROJECT_COSTS]):
            return await server.ask(request)
        key = (request.method, request.path, request.query, request.token, request.headers.get("accept", ""))
        if key not in cache:
            cache[key] = await server.ask(request)
        return cache[key]

    return plant


async def _yesterdays_growth(request: Request, server: Server) -> Response:
    """The totals of the current month are those of last night, when less had been billed."""
    response = await server.ask(request)
    if request.method != "GET" or response.status != 200 or not matches(request, [GROWTH]):
        return response
    value = response.json
    zero = "0.00" if isinstance(value["total_periods"][0], str) else 0
    for figures in (
        value["total_periods"],
        value["other_periods"],
        *(row["periods"] for row in value["customer_periods"]),
    ):
        figures[-1] = zero
    return response.saying(value)


async def _to_https(request: Request, server: Server) -> Response:
    host = request.headers.get("host", "localhost")
    query = f"?{request.query}" if request.query else ""
    return Response(301, (("location", f"https://{host}{request.path}{query}"),))


NETWORK: Final = (
    Peculiarity("growth-of-yesterday", "Growth does not know today's changes yet.", make=always(_yesterdays_growth)),
    Peculiarity("stale-sums", "Sums are cached for a minute.", make=_stale),
    Peculiarity("charset-in-type", "The content type names a charset.", make=always(_charset)),
    Peculiarity("proxy-headers", "A proxy adds headers and writes names in capitals.", make=always(_more_headers)),
    Peculiarity("compressed", "Bodies are compressed.", make=always(_compressed), proxy=True),
    Peculiarity("connections-closed", "Every connection serves one request.", make=always(_closed)),
    Peculiarity("bad-gateway-once", "A proxy answers 502 once.", make=_once(502, {}), group="once"),
    Peculiarity(
        "unavailable-once",
        "A proxy answers 503 once, with Retry-After.",
        make=_once(503, {"retry-after": "1"}),
        group="once",
    ),
    Peculiarity(
        "too-many-requests-once",
        "A proxy answers 429 once, with Retry-After.",
        make=_once(429, {"retry-after": "1"}),
        group="once",
    ),
    Peculiarity("slow-answers", "Every answer takes 30 ms longer.", make=_slow(lambda request: 0.03)),
    Peculiarity(
        "slow-growth",
        "Growth takes three seconds.",
        make=_slow(lambda request: 3.0 if matches(request, [GROWTH]) else 0.0),
        alone=True,
    ),
    Peculiarity(
        "moved-to-https", "Every address is answered 301 to https.", make=always(_to_https), alone=True, unusable=True
    ),
)
