"""Ends a connection in the middle of an answer, which ASGI itself has no word for."""

import asyncio
from typing import Final

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT: Final = "waldur.transport"


class ConnectionDropped(ConnectionResetError):
    """Raised within a process, where there is no connection to close; clients turn it into their own error."""


class Protocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, which also puts the transport of the connection into the scope."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {_TRANSPORT: {"transport": self.transport}}


async def hang_up(scope: Scope, *, at_once: bool) -> None:
    """Closes the connection; `at_once` without sending what is still buffered.

    Raises `ConnectionDropped` for a call within the process.
    """
    extension = scope.get("extensions", {}).get(_TRANSPORT)
    if extension is None:
        raise ConnectionDropped("The mock closed the connection, as a fault rule asks.")
    transport: asyncio.Transport = extension["transport"]
    if at_once:
        transport.abort()
    else:
        transport.close()
    await asyncio.sleep(0.01)  # until the server has noticed, or it would complain of an answer without an end
