"""The server's own connection class in this process, without a socket: bytes in, answers out, quickly.

What uvicorn's parser, the application and the log do with the bytes is what they do on a socket.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import httptools
from uvicorn.server import ServerState

from waldur_billing_mock.mock_server.app import create_app
from waldur_billing_mock.mock_server.settings import Settings
from waldur_billing_mock.mock_server.stage import Stage
from waldur_billing_mock.mock_server.web.connection import LimitedConnection, uvicorn_config

OF_UVICORN: Final = b"Invalid HTTP request received."
"""The body of 400, by which uvicorn itself answers what is no HTTP."""
_SECONDS: Final = 20.0
"""A request that is not answered after so long hangs."""


@dataclass
class Answer:
    """An answer as it came. Header names are lower-case; of several headers of a name, all are listed."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    complete: bool = False

    def header(self, name: str) -> str:
        """The last header of a name, empty where there is none."""
        return next((value for key, value in reversed(self.headers) if key == name), "")


@dataclass
class Outcome:
    """All answers of a connection, what was left over, and what the server logged as an error."""

    answers: list[Answer]
    rest: bytes
    errors: list[str]
    hangs: bool


class _Transport(asyncio.Transport):
    """Stores what is written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 50000), "sockname": ("127.0.0.1", 8080)})
        self.written: Final = bytearray()
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self.closing:
            self.written.extend(data)

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Server:
    """One application with its world, which is brought back by `reset`."""

    def __init__(self, settings: Settings, stage: Stage) -> None:
        self.settings: Final = settings
        self.stage: Final = stage
        self.logged: Final[list[str]] = []
        self._loop: Final = asyncio.new_event_loop()
        app = create_app(settings, stage, lambda text, fields: self.logged.append(f"{text}{dict(fields)}"))
        self._config: Final = uvicorn_config(app, settings.limits, at_once=app.at_once)
        self._config.load()

    def exchange(self, pieces: Sequence[bytes], methods: Sequence[str] = ()) -> Outcome:
        """What comes back for pieces that are sent one after the other, before the client closes the connection.

        `methods` are those of the requests: an answer to HEAD has no body.
        """
        self.logged.clear()
        with _errors() as errors:
            written, hangs = self._loop.run_until_complete(self._exchange(pieces))
        answers, rest = _parsed(written, methods)
        # 100 Continue only says that the body is waited for.
        answers = [one for one in answers if one.status != 100]
        return Outcome(answers, rest, errors, hangs)

    async def _exchange(self, pieces: Sequence[bytes]) -> tuple[bytes, bool]:
        state, transport = ServerState(), _Transport()
        connection: LimitedConnection = self._config.http_protocol_class(  # type: ignore[call-arg, assignment]
            config=self._config, server_state=state, app_state={}, _loop=self._loop
        )
        connection.connection_made(transport)
        for piece in pieces:
            if not transport.closing:
                connection.data_received(piece)
                await asyncio.sleep(0)
        # What can be answered is answered before the client goes away; who still waits for a body is cut off then.
        for _ in range(20):
            await asyncio.sleep(0)
        connection.eof_received()
        connection.connection_lost(None)
        hangs = bool(state.tasks) and bool((await asyncio.wait(state.tasks, timeout=_SECONDS))[1])
        for task in state.tasks:
            task.cancel()
        return bytes(transport.written), hangs


@contextmanager
def _errors() -> Iterator[list[str]]:
    """What the libraries log as errors inside the block: exceptions that nobody expects."""
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(logging.Formatter().format(record))

    handler = Keep(logging.ERROR)
    names = ("uvicorn.error", "asyncio", "python_multipart")
    for name in names:
        logging.getLogger(name).addHandler(handler)
    try:
        yield found
    finally:
        for name in names:
            logging.getLogger(name).removeHandler(handler)


class _Reader:
    """Callbacks of the parser of answers."""

    def __init__(self) -> None:
        self.answers: Final[list[Answer]] = []
        self.parser: Any = None

    def on_message_begin(self) -> None:
        self.answers.append(Answer())

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answers[-1].headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.answers[-1].status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.answers[-1].body += body

    def on_message_complete(self) -> None:
        self.answers[-1].complete = True


def _parsed(written: bytes, methods: Sequence[str]) -> tuple[list[Answer], bytes]:
    """The answers in what a server has written, and the bytes that are no answer."""
    if methods[:1] == ("HEAD",) or methods[:1] == ["HEAD"]:
        return _parsed_heads(written)
    reader = _Reader()
    reader.parser = httptools.HttpResponseParser(reader)
    try:
        reader.parser.feed_data(written)
    except httptools.HttpParserError:
        return reader.answers, written
    return reader.answers, b""


def _parsed_heads(written: bytes) -> tuple[list[Answer], bytes]:
    """One answer to HEAD: its head, and as a rest what comes after it."""
    head, end, rest = written.partition(b"\r\n\r\n")
    if not end:
        return [], written
    start, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.partition(": ") for line in lines]
    headers = [(name.lower(), value) for name, _, value in pairs]
    # uvicorn does not know the method of what is no HTTP.
    body, rest = (rest, b"") if rest == OF_UVICORN else (b"", rest)
    return [Answer(int(start.split()[1]), headers, body, complete=True)], rest
