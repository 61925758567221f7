"""A small client of the billing API, as an example of what is tested with the mock."""

import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import httpx


class NotPayable(Exception):
    """The invoice is in a state in which it cannot be paid."""


class Billing:
    """What an accountant's program asks of Waldur. `http` calls the API with somebody's token."""

    def __init__(self, http: httpx.Client, attempts: int = 3) -> None:
        self._http = http
        self._attempts = attempts

    def invoices(self, **filters: Any) -> Iterator[dict[str, Any]]:
        """All invoices that fit, page after page."""
        answer = self._call("GET", "/api/invoices/", params=filters)
        yield from answer.json()
        while "next" in answer.links:
            answer = self._call("GET", answer.links["next"]["url"])
            yield from answer.json()

    def owed(self) -> Decimal:
        """What waits for payment, with tax."""
        return sum((Decimal(str(one["total"])) for one in self.invoices(state="created")), Decimal(0))

    def overdue(self, today: date) -> list[int]:
        """The numbers of the invoices that should have been paid before today."""
        waiting = self.invoices(state="created", o="created")
        return [one["number"] for one in waiting if date.fromisoformat(one["due_date"]) < today]

    def pay(self, uuid: str, day: date) -> None:
        """Raises `NotPayable`."""
        answer = self._call("POST", f"/api/invoices/{uuid}/paid/", data={"date": day.isoformat()})
        if answer.status_code == 409:
            raise NotPayable(answer.json()["detail"])
        answer.raise_for_status()

    def by_project(self, year: int, month: int) -> dict[str, Decimal]:
        """What each project cost in a month, without tax."""
        costs: dict[str, Decimal] = {}
        for invoice in self.invoices(year=year, month=month):
            for item in invoice["items"]:
                name = item["project_name"]
                costs[name] = costs.get(name, Decimal(0)) + Decimal(str(item["price"]))
        return costs

    def _call(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """Tries again where the server is busy, after the time that it names."""
        for attempt in range(self._attempts):
            answer = self._http.request(method, url, **sent)
            if answer.status_code not in (429, 503) or attempt + 1 == self._attempts:
                break
            time.sleep(float(answer.headers.get("Retry-After", 0)))
        if answer.status_code != 409:
            answer.raise_for_status()
        return answer
