"""Fault rules, the outbox and webhooks of a session."""

from typing import Any, Final

from starlette.responses import Response

from waldur_billing_mock.mock_server.control.journal import Delivery
from waldur_billing_mock.mock_server.control.rules import PROFILES
from waldur_billing_mock.mock_server.pages.listing import PAGE_SIZE, Reversed
from waldur_billing_mock.mock_server.pages.steering import Outcome, steer
from waldur_billing_mock.mock_server.pages.traffic import operation_ids
from waldur_billing_mock.mock_server.pages.view import View

EFFECTS: Final = ("drop", "truncate", "malformed", "drip")
STATUSES: Final = (400, 401, 403, 404, 409, 429, 500, 502, 503, 504)
EVENTS: Final = ("invoice_created", "invoice_paid", "invoice_notified", "month_closed")


async def faults(view: View) -> Response:
    return _faults(view, (await steer(view, "faults_list")).value, None)


async def add_fault(view: View) -> Response:
    """`faults_add`: a rule, or those of a profile."""
    form = view.form
    rule: dict[str, Any] = {name: form[name] for name in ("profile", "operation", "role", "effect") if form.get(name)}
    for name in ("status", "times", "retry_after", "delay", "after"):
        if form.get(name):
            rule[name] = int(form[name]) if form[name].isdecimal() else form[name]
    if form.get("percent"):
        rule["probability"] = int(form["percent"]) / 100 if form["percent"].isdecimal() else form["percent"]
    outcome = await steer(view, "faults_add", body=rule)
    if outcome.failed:
        return _faults(view, (await steer(view, "faults_list")).value, outcome)
    return view.redirect("faults", "The rule is on." if len(outcome.value) == 1 else "The rules are on.")


async def remove_fault(view: View) -> Response:
    """`faults_remove`, or `faults_clear` without an id."""
    id = view.form.get("id", "")
    if not id.isdecimal():
        await steer(view, "faults_clear")
        return view.redirect("faults", "All rules are off.")
    outcome = await steer(view, "faults_remove", path={"id": int(id)})
    return view.redirect("faults", outcome.reason or "The rule is off.", failed=outcome.failed)


def outbox(view: View) -> Response:
    """What would have been mailed, the newest first."""
    rows = Reversed(list(view.world.notifications))
    return view.page("outbox.html", mails=rows[:PAGE_SIZE], count=len(rows), invoices=view.world.invoices)


async def webhooks(view: View) -> Response:
    return _webhooks(view, (await steer(view, "webhooks_list")).value, None)


async def add_webhook(view: View) -> Response:
    """`webhooks_add`."""
    form = view.form
    hook: dict[str, Any] = {"url": form.get("url", "")}
    if form.get("secret"):
        hook["secret"] = form["secret"]
    if form.get("event"):
        hook["events"] = [form["event"]]
    outcome = await steer(view, "webhooks_add", body=hook)
    if outcome.failed:
        return _webhooks(view, (await steer(view, "webhooks_list")).value, outcome)
    return view.redirect("webhooks", "The address is called from now on.")


async def remove_webhook(view: View) -> Response:
    """`webhooks_remove`."""
    id = view.form.get("id", "0")
    outcome = await steer(view, "webhooks_remove", path={"id": int(id) if id.isdecimal() else 0})
    return view.redirect("webhooks", outcome.reason or "The webhook is removed.", failed=outcome.failed)


def _faults(view: View, rules: list[dict[str, Any]], refused: Outcome | None) -> Response:
    return view.page(
        "faults.html",
        400 if refused else 200,
        rules=rules,
        profiles=PROFILES,
        operations=operation_ids(view),
        effects=EFFECTS,
        statuses=STATUSES,
        refused=refused,
        form=view.form,
    )


def _webhooks(view: View, hooks: list[dict[str, Any]], refused: Outcome | None) -> Response:
    deliveries = [one for one in view.session.journal if isinstance(one, Delivery)]
    return view.page(
        "webhooks.html",
        400 if refused else 200,
        hooks=hooks,
        deliveries=deliveries[::-1][:PAGE_SIZE],
        events=EVENTS,
        refused=refused,
        form=view.form,
    )
