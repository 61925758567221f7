"""Ends a connection in the middle of an answer, which ASGI itself has no word for."""

import asyncio

from starlette.types import Scope

from waldur_billing_mock.mock_server.web.connection import connection_of


class ConnectionDropped(ConnectionResetError):
    """Raised within a process, where there is no connection to close; clients turn it into their own error."""


async def hang_up(scope: Scope, *, at_once: bool) -> None:
    """Closes the connection; `at_once` without sending what is still buffered.

    Raises `ConnectionDropped` for a call within the process.
    """
    connection = connection_of(scope)
    if connection is None:
        raise ConnectionDropped("The mock closed the connection, as a fault rule asks.")
    if at_once:
        connection.transport.abort()
    else:
        connection.transport.close()
    await asyncio.sleep(0.01)  # until the server has noticed, or it would complain of an answer without an end
