"""All hostile targets by name, and what is wrong with a run against one."""

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

import trustme

from tests.hostile import raw
from tests.hostile.attack import OWNER, TOKEN, UNFINISHED, Run, attack
from tests.hostile.listener import Behaviour, Connection, listening
from tests.hostile.raw import ELSEWHERE, RAW
from tests.hostile.waldur_like import WALDUR_LIKE
from tests.peculiarities.deployment import Facade
from tests.peculiarities.switch import mock_with
from tests.wrapping.proxy import Request, Response, Server
from tests.wrapping.serving_app import serving

SECONDS: Final = 60.0
"""What a run may take; it waits a second for each response, and repeats a read twice."""
PLAIN_HTTP: Final = "plain-http-at-an-https-address"
UNSIGNED: Final = "unsigned-certificate"
TARGETS: Final = (*RAW, PLAIN_HTTP, UNSIGNED, *WALDUR_LIKE)
_BUDGET: Final = ("--budget", "120")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_UNUSABLE: Final = frozenset({2})


class Attacked(NamedTuple):
    """A run, and what is wrong with it: nothing, or sentences."""

    run: Run
    faults: tuple[str, ...]


def attacked(name: str, folder: Path) -> Attacked:
    """Run the suite on a target."""
    with listening(raw.says(b"[]")) as other:
        if name in WALDUR_LIKE:
            codes, methods = WALDUR_LIKE[name].codes, set(_READING)
            with _waldur_like(name, other.url) as url:
                run = attack(url, folder, SECONDS, *_BUDGET, *WALDUR_LIKE[name].arguments)
        else:
            codes = _UNUSABLE
            context = _unsigned() if name == UNSIGNED else None
            behaviour = _sent_to(other.url, RAW.get(name, raw.says(b"[]")))
            with listening(behaviour, tls=context, https=name == PLAIN_HTTP) as target:
                run = attack(target.url, folder, SECONDS)
            methods = {asked.method for asked in target.asked}
        faults = [*_faults(run, codes)]
        if other.connections:
            faults.append("another host was asked")
        if methods - _READING:
            faults.append(f"it was asked {' and '.join(sorted(methods - _READING))}")
    return Attacked(run, tuple(faults))


def _faults(run: Run, codes: frozenset[int]) -> Iterator[str]:
    """What holds for every run and does not for this one."""
    if run.exit_code == UNFINISHED:
        yield f"still running after {run.seconds:.0f} seconds"
    elif run.exit_code not in codes:
        yield f"exit code {run.exit_code}, not {' or '.join(map(str, sorted(codes)))}"
    if "Traceback (most recent call last)" in run.terminal:
        yield "a traceback on the terminal"
    for name, text in run.texts.items():
        if TOKEN in text or OWNER in text:
            yield f"the token is in {name}"
    if found := _CONTROL.findall(run.terminal + run.texts.get("report.markdown", "")):
        yield f"control characters in texts: {sorted(set(found))}"
    if "<script>alert" in run.texts.get("report.html", ""):
        yield "markup of the target in the HTML report"
    if len(run.terminal) > 100_000:
        yield f"{len(run.terminal)} characters on the terminal"


@contextmanager
def _waldur_like(name: str, elsewhere: str) -> Iterator[str]:
    mock = mock_with([])

    async def rewrite(request: Request, server: Server) -> Response:
        """Put the address of the other host in the place of its name."""
        response = await server.ask(request)
        headers = tuple((key, value.replace(ELSEWHERE, elsewhere)) for key, value in response.headers)
        body = response.body.replace(ELSEWHERE.encode(), elsewhere.encode())
        if body == response.body:
            return replace(response, headers=headers)
        return replace(response, headers=headers).with_body(body, response.header("content-type"))

    app = Facade(mock.app, [lambda: rewrite, WALDUR_LIKE[name].make], datetime.fromisoformat(mock.now))
    with serving(app) as url:
        yield url


def _sent_to(elsewhere: str, behaviour: Behaviour) -> Behaviour:
    """The behaviour with the address of the other host in the place of its name."""
    named: Mapping[bytes, bytes] = {
        ELSEWHERE.encode(): elsewhere.encode(),
        b"//elsewhere.invalid": elsewhere.partition(":")[2].encode(),
    }

    class Rewriting(Connection):
        def write(self, data: bytes) -> bool:
            for name, address in named.items() if len(data) < 10_000 else ():
                data = data.replace(name, address)
            return super().write(data)

    return lambda asked, to: behaviour(asked, Rewriting(to.server, to.socket))


def _unsigned() -> ssl.SSLContext:
    """TLS with a certificate of an authority that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context
