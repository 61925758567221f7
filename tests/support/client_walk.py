"""Call the neighbours with the real Python client; run by a client environment's Python.

Reads `{"base_url", "token", "operations": {operationId: calls}}` from standard input. A call is the values of the path
parameters and of the query, `{"path": [...], "query": {...}}`. Prints `{operationId: {"parsed": {class: count},
"failures": [...]}}`; an operation that the client does not have has the failure `no such operation`.
"""

import json
import sys
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages
from typing import Any
from uuid import UUID

CLIENT = "waldur_api_client"


def main() -> None:
    """Make every call and print what came of it."""
    sent = json.load(sys.stdin)
    client = import_module(f"{CLIENT}.client").AuthenticatedClient(base_url=sent["base_url"], token=sent["token"])
    errors = (import_module(f"{CLIENT}.errors").UnexpectedStatus, AttributeError, KeyError, TypeError, ValueError)
    modules = {
        found.name.rpartition(".")[2]: found.name
        for found in walk_packages(import_module(f"{CLIENT}.api").__path__, f"{CLIENT}.api.")
        if not found.ispkg
    }
    outcome = {}
    for operation, calls in sent["operations"].items():
        parsed: Counter[str] = Counter()
        failures = []
        for call in calls if operation in modules else ():
            try:
                answer: Any = import_module(modules[operation]).sync(
                    *(int(value) if value.isdigit() else UUID(value) for value in call["path"]),
                    client=client,
                    **call["query"],
                )
            except errors as error:
                failures.append(f"{call}: {error!r}"[:500])
                continue
            parsed.update(type(row).__name__ for row in (answer if isinstance(answer, list) else [answer]))
        outcome[operation] = {
            "parsed": parsed,
            "failures": failures if operation in modules else ["no such operation"],
        }
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
