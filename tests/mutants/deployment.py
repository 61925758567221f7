"""A mock as a deployment: over HTTP and in the wire dialect, as real servers are."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from urllib.request import urlopen

import uvicorn


@contextmanager
def deployed(application: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The URL of an application, named as `module:function`, and the tokens of its users by role."""
    module, _, name = application.partition(":")
    app = getattr(import_module(module), name)(wire=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off"))
        thread = threading.Thread(target=asyncio.run, args=(server.serve([listener]),))
        thread.start()
        try:
            with urlopen(f"{url}/_mock/users", timeout=30) as reply:
                yield url, {card["role"]: card["token"] for card in json.load(reply)}
        finally:
            server.should_exit = True
            thread.join()
