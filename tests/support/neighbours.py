"""The description of the neighbours for tests, made once for each process, and addresses to ask them at."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from tests.asgi import Api
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node
from waldur_billing_mock.openapi.operation import Operation, operations
from waldur_billing_mock.openapi.support import describe_support

BILLING_LISTS: Final = ("/api/invoices/", "/api/invoice-items/", "/api/provider-invoice-items/")
"""Where walks through links begin, beside the lists of the neighbours."""


@cache
def neighbours(wire: bool = False) -> Node:
    """The bundled description of the neighbours."""
    return describe_support(DESCRIPTION, wire=wire)


def reads() -> list[Operation]:
    return [operation for operation in operations(neighbours()) if operation.method == "GET"]


def lists() -> list[Operation]:
    """The lists that stand at an address of their own."""
    return [operation for operation in reads() if "page" in operation.query and "{" not in operation.path]


def addresses(api: Api, operation: Operation) -> Iterator[str]:
    """What to ask an operation for: each object that staff finds in the list above it."""
    path = operation.path
    if path == "/api/daily-quotas/":
        customer = next(iter(api.world.customers))
        yield f"{path}?scope=/api/customers/{customer.uuid}/&quota_names=nc_user_count"
    elif "{name}" in path:
        yield path.replace("{name}", "site_logo")
    elif "{" in path:
        collection, _, rest = path.partition("{")
        end = rest.partition("}")[2]
        listed = "/api/customers/" if collection == "/api/financial-reports/" else collection
        yield from (f"{collection}{row.get('uuid', row.get('pk'))}{end}" for row in api.rows(listed))
    elif "page" in operation.query:
        count = int(api.get(path).headers["x-result-count"])
        yield from (f"{path}?page_size=300&page={page}" for page in range(1, -(-count // 300) + 1))
    else:
        yield path
