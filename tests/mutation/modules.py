"""Which tests judge a module: own ones first, which take a second; what follows tries what they leave."""

from typing import Final

_RULES: Final = "tests/billing --ignore=tests/billing/test_properties.py"
_SLOWER: Final = ("arithmetic", "forks", "roles", "transactions")
_API: Final = "tests/operations " + " ".join(f"--ignore=tests/operations/test_{name}.py" for name in _SLOWER)
_BILLING: Final = (_RULES, _API, "tests/fixtures/test_coherence.py", "tests/operations/test_arithmetic.py")
_TRAFFIC: Final = "tests/contracts/test_traffic.py -m 'not slow'"
_CHECKS: Final = (_TRAFFIC, "tests/mutants/test_run.py")
"""Whole runs of the suite on servers with a defect."""

TESTS: Final[dict[str, tuple[str, ...]]] = {
    "mock_server/billing/bounds": ("tests/billing/test_item.py", *_BILLING),
    "mock_server/billing/clock": ("tests/billing/test_clock.py", *_BILLING),
    "mock_server/billing/compensation": ("tests/billing/test_compensation.py", *_BILLING),
    "mock_server/billing/correction": ("tests/billing/test_item.py", *_BILLING),
    "mock_server/billing/costs": ("tests/billing/test_costs.py", *_BILLING),
    "mock_server/billing/countries": ("tests/billing/test_structure.py", *_BILLING),
    "mock_server/billing/credit": ("tests/billing/test_compensation.py", *_BILLING),
    "mock_server/billing/cycle": ("tests/billing/test_cycle.py", *_BILLING),
    "mock_server/billing/faults": ("tests/billing/test_faults.py", *_BILLING),
    "mock_server/billing/figures": ("tests/billing/test_invoice.py", *_BILLING),
    "mock_server/billing/growth": ("tests/billing/test_costs.py", *_BILLING),
    "mock_server/billing/history": ("tests/billing/test_invoice.py", *_BILLING),
    "mock_server/billing/invoice": ("tests/billing/test_invoice.py", *_BILLING),
    "mock_server/billing/invoicing": ("tests/billing/test_invoice.py", *_BILLING),
    "mock_server/billing/item": ("tests/billing/test_item.py", *_BILLING),
    "mock_server/billing/lookups": ("tests/billing/test_item.py", *_BILLING),
    "mock_server/billing/money": ("tests/billing/test_money.py", *_BILLING),
    "mock_server/billing/period": ("tests/billing/test_period.py", *_BILLING),
    "mock_server/billing/registration": ("tests/billing/test_cycle.py", *_BILLING),
    "mock_server/billing/sorted_rows": (
        "tests/billing/test_sorted_rows.py",
        *_BILLING,
        "tests/operations/test_forks.py",
    ),
    "mock_server/billing/stats": ("tests/billing/test_invoice.py", *_BILLING),
    "mock_server/billing/structure": ("tests/billing/test_structure.py", *_BILLING),
    "mock_server/billing/sums": ("tests/billing/test_money.py", "tests/billing/test_costs.py", *_BILLING),
    "mock_server/billing/tokens": ("tests/billing/test_structure.py", *_BILLING),
    "mock_server/billing/usage_import": ("tests/operations/test_beyond.py", *_BILLING),
    "mock_server/billing/views": ("tests/billing/test_item.py", "tests/billing/test_sorted_rows.py", *_BILLING),
    "mock_server/billing/visibility": ("tests/billing/test_visibility.py", *_BILLING),
    "mock_server/billing/world": ("tests/billing/test_store.py", *_BILLING),
    "contracts/values": ("tests/contracts/test_values.py",),
    "contracts/judging": ("tests/contracts/test_judging.py", "tests/contracts/test_context.py", *_CHECKS),
    "contracts/deviations": ("tests/contracts/test_deviations.py",),
    "contracts/revision": ("tests/contracts/test_revision.py",),
    "contracts/context": ("tests/contracts/test_asking.py", "tests/contracts/test_context.py", *_CHECKS),
    "contracts/presence": ("tests/contracts/test_presence.py",),
    "contracts/visibility": ("tests/contracts/test_visibility.py",),
}
"""By path without `.py`. Each text holds the words of a call of pytest; all of them pass without a change."""

NOT_JUDGED: Final = {
    "contracts/__main__": "command line",
    "contracts/baseline": "classing by the operator's own list",
    "contracts/changes": "requests",
    "contracts/checks": "which checks there are",
    "contracts/coverage": "counts for the report",
    "contracts/declare": "which checks there are",
    "contracts/description": "what openapi/ reads, by name",
    "contracts/exchange": "what was sent and answered",
    "contracts/findings": "classes for the report",
    "contracts/guard": "requests",
    "contracts/hooks": "checks for Schemathesis",
    "contracts/ledger": "requests",
    "contracts/options": "command line",
    "contracts/plugin": "checks for pytest",
    "contracts/redaction": "output",
    "contracts/refused_writes": "a check, which planted defects judge",
    "contracts/roles": "a check, which planted defects judge",
    "contracts/routes": "traffic of others",
    "contracts/run": "one run",
    "contracts/runner": "one run",
    "contracts/schemathesis_proxy": "requests",
    "contracts/settings": "command line",
    "contracts/shapes": "checks by Schemathesis",
    "contracts/target": "requests",
    "contracts/traffic": "traffic of others",
    "contracts/transports": "requests",
    "contracts/undoing": "requests",
}
"""Modules of `contracts/` that are no part of the judging half, each with what it is for."""
