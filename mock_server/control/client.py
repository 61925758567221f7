"""A small client of the control plane: one method for each of its operations.

    with MockClient("http://127.0.0.1:8080", session="mine") as mock:
        mock.faults.add(operation="invoices_paid", status=503, times=1)
        mock.journal.verify(operation="invoices_paid", times=2)

Values are those of `GET /_mock/control.json`; what is `None` is not sent.
"""

from datetime import date
from typing import Final

import httpx

from waldur_billing_mock.mock_server.control.calls import (
    SESSION_HEADER,
    Calls,
    Json,
    MockError,
    VerificationError,
    as_object,
    moment,
    without_none,
)
from waldur_billing_mock.mock_server.control.client_parts import (
    BuilderClient,
    ClockClient,
    EventsClient,
    FaultsClient,
    JournalClient,
    SessionsClient,
    SnapshotsClient,
    UsersClient,
    WebhooksClient,
    WorldClient,
)

__all__ = ["SESSION_HEADER", "Json", "MockClient", "MockError", "VerificationError"]


class MockClient(Calls):
    """Steers a mock over HTTP. Everything is done in the `session`, or in the world that all share."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8080",
        *,
        session: str | None = None,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30,
    ) -> None:
        """`token` is needed from another machine only. `transport` leads to a mock in this process."""
        super().__init__(url, session=session, token=token, transport=transport, timeout=timeout)
        self.faults: Final = FaultsClient(self)
        self.journal: Final = JournalClient(self)
        self.events: Final = EventsClient(self)
        self.webhooks: Final = WebhooksClient(self)
        self.clock: Final = ClockClient(self)
        self.world: Final = WorldClient(self)
        self.customers: Final = BuilderClient(self, "customers_add")
        self.projects: Final = BuilderClient(self, "projects_add")
        self.resources: Final = BuilderClient(self, "resources_add")
        self.usages: Final = BuilderClient(self, "usages_add")
        self.invoices: Final = BuilderClient(self, "invoices_add")
        self.invoice_items: Final = BuilderClient(self, "invoice_items_add")
        self.credits: Final = BuilderClient(self, "credits_add")
        self.users: Final = UsersClient(self, "users_add")
        self.sessions: Final = SessionsClient(self)
        self.snapshots: Final = SnapshotsClient(self)

    def reset(self) -> None:
        """The world is as it was in the beginning."""
        self.call("reset")

    def reseed(
        self,
        *,
        scenario: str | None = None,
        seed: int | None = None,
        now: date | str | None = None,
        customers: int | None = None,
        months: int | None = None,
        items_per_invoice: int | None = None,
    ) -> Json:
        """Begin anew with the world of a scenario."""
        said = {"scenario": scenario, "seed": seed, "now": None if now is None else moment(now)}
        sizes = {"customers": customers, "months": months, "items_per_invoice": items_per_invoice}
        return as_object(self.call("reseed", body=without_none({**said, **sizes})))

    def add(self, scenario: Json | str) -> Json:
        """Add all that a scenario says, given as its text (JSON or YAML) or as its content. Returns what was made."""
        return as_object(self.call("scenario_add", body=scenario))

    def health(self) -> Json:
        """Whether the server lives and is ready."""
        return as_object(self.call("health"))

    def version(self) -> Json:
        """The versions of the mock and of the API that it serves."""
        return as_object(self.call("version"))

    def metrics(self) -> str:
        """The counters, in the text format of Prometheus."""
        return str(self.call("metrics"))

    def description(self) -> Json:
        """The description of the control plane."""
        return as_object(self.call("description"))
