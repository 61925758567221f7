"""The real Python client of the newest release calls the neighbours and parses every answer."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.asgi import application
from tests.clients.lazily import LAZILY
from tests.serving import serving
from tests.support.neighbours import addresses, reads
from waldur_billing_mock.openapi.operation import Operation

RELEASE: Final = "8.1.3"
WALK: Final = Path(__file__).with_name("client_walk.py")
NOT_IN_THE_CLIENT: Final = {
    "health_check_retrieve": "It is no part of the published contract.",
    "icons_retrieve": "It is no part of the published contract.",
    "marketplace_checklists_list": "It is no part of the published contract.",
}
EMPTY: Final = {
    "admin_announcements_list",
    "identity_providers_list",
    "marketplace_category_groups_list",
    "marketplace_orders_list",
    "marketplace_project_update_requests_list",
}
"""Lists that are always empty, so that nothing is parsed."""
NAMES: Final = {
    "configuration_retrieve": "ConfigurationRetrieveResponse200",
    "daily_quotas_retrieve": "DailyQuotasRetrieveResponse200",
    "marketplace_global_categories_retrieve": "MarketplaceGlobalCategoriesRetrieveResponse200",
}
"""Classes of the client that are not called like the schema."""

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("client of the neighbours")]


def call(operation: Operation, address: str) -> dict[str, Any]:
    """The values of path and query with which the client asks at an address."""
    path, _, query = address.partition("?")
    template = operation.path.split("/")
    values = [value for value, name in zip(path.split("/"), template, strict=True) if name.startswith("{")]
    asked = dict(part.split("=") for part in query.split("&")) if query else {}
    numbers: dict[str, Any] = {name: int(value) if value.isdigit() else value for name, value in asked.items()}
    if "quota_names" in numbers:
        numbers["quota_names"] = [numbers["quota_names"]]
    return {"path": values, "query": numbers}


@cache
def walked() -> dict[str, Any]:
    """What came of every operation over the default world."""
    python = Path(sys.prefix, "clients", RELEASE, "bin", "python")
    assert python.exists(), f"the client's environment {python.parent.parent} is missing: make test sets it up"
    api = application("default", RELEASE)
    planned = {found.operation_id: [call(found, address) for address in addresses(api, found)] for found in reads()}
    with serving("--revision", RELEASE) as mock:
        sent = {"base_url": mock.url, "token": api.user("staff").token, "operations": planned}
        words = [python, LAZILY, WALK]
        finished = subprocess.run(words, input=json.dumps(sent), capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr
    outcome: dict[str, Any] = json.loads(finished.stdout)
    return outcome


def test_the_client_has_every_neighbour_that_is_published() -> None:
    missing = {name for name, found in walked().items() if found["failures"] == ["no such operation"]}

    assert missing == NOT_IN_THE_CLIENT.keys()


@pytest.mark.parametrize(
    "operation",
    [found for found in reads() if found.operation_id not in NOT_IN_THE_CLIENT],
    ids=lambda found: found.operation_id,
)
def test_the_client_parses_every_answer(operation: Operation) -> None:
    found, name = walked()[operation.operation_id], operation.operation_id
    schema = operation.success.schema or {}
    described = NAMES.get(name, schema.get("items", schema)["$ref"].rpartition("/")[2])

    assert "\n".join(found["failures"][:3]) == ""
    assert set(found["parsed"]) == (set() if name in EMPTY else {described})
