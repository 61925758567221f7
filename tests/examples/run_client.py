"""Make calls with the real Python client and print what came of them; run by a client environment's Python.

Reads `{"base_url": ..., "token": ..., "calls": [...]}` from standard input and prints one outcome a call, in
the same order. Before each call the mock's seeded world is brought back. An outcome is
`{"status": ..., "parsed": ...}`: the status is null where the client does not tell it; what the client has
parsed is written as `{"type": class name, "value": its fields}`, a list as a list of such. A call that the
client or its parser gave up is `{"failure": traceback}`. A call with `each`, the name of a model, is sent as the
client sends it, but each element of the answer is parsed by that model, as the client knows no list there.
"""

import json
import sys
import traceback
from importlib import import_module
from typing import Any
from urllib.request import Request, urlopen


def main() -> None:
    """Answer one batch of calls."""
    batch = json.load(sys.stdin)
    client = import_module("waldur_api_client.client").AuthenticatedClient(
        base_url=batch["base_url"], token=batch["token"]
    )
    unexpected_status = import_module("waldur_api_client.errors").UnexpectedStatus
    outcomes = []
    for call in batch["calls"]:
        urlopen(Request(f"{batch['base_url']}/_mock/reset", method="POST")).close()
        try:
            outcomes.append(_outcome(call, client))
        except (unexpected_status, AttributeError, KeyError, TypeError, ValueError):
            outcomes.append({"failure": traceback.format_exc()})
    json.dump(outcomes, sys.stdout)


def _outcome(call: dict[str, Any], client: Any) -> dict[str, Any]:
    module = import_module(f"{call['package']}.{call['function']}")
    arguments = dict(call["arguments"], client=client)
    if call["model"] is not None:
        model = getattr(import_module(call["model"]["module"]), call["model"]["name"])
        # The pages hand a text to a model that wants a date; from_dict makes a date of it.
        arguments["body"] = model.from_dict(call["model"]["arguments"])
    if call["each"] is not None:
        response = client.get_httpx_client().request(**module._get_kwargs(**call["arguments"]))
        model = getattr(module, call["each"])
        return {"status": response.status_code, "parsed": [_written(model.from_dict(item)) for item in response.json()]}
    if hasattr(module, "sync"):
        return {"status": None, "parsed": _written(module.sync(**arguments))}
    response = module.sync_detailed(**arguments)
    return {"status": int(response.status_code), "parsed": _written(response.parsed)}


def _written(parsed: Any) -> Any:
    if parsed is None:
        return None
    if isinstance(parsed, list):
        return [_written(item) for item in parsed]
    return {"type": type(parsed).__name__, "value": parsed.to_dict()}


if __name__ == "__main__":
    main()
