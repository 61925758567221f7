"""Runs the contract suite against this server from a page, in a session of its own, and shows its reports."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from waldur_billing_mock.mock_server.control.journal import Exchange
from waldur_billing_mock.mock_server.pages.runs import Run
from waldur_billing_mock.mock_server.pages.steering import steer
from waldur_billing_mock.mock_server.pages.view import View

SESSION: Final = "contracts"
"""The session whose world the suite reads and writes."""

PROFILES: Final = ("quick", "full")
OUTCOMES: Final = ("broken", "error", "note", "known deviation", "kept", "not exercised")
ROLES: Final = (
    *("support", "owner", "owner2", "customer_manager", "customer_support", "project_admin", "project_manager"),
    *("project_member", "provider_owner", "provider_manager", "nobody"),
)
"""The roles that the suite knows besides staff: users of these names lend it their tokens."""

Result = Mapping[str, Any]
"""A result or a finding of a JSON report."""

MOST_SECONDS: Final = 900
MOST_RESULTS: Final = 200


def contracts(view: View) -> Response:
    """The runs, and the form that begins one."""
    runs = view.site.runs
    return view.page("contracts.html", runs=list(runs.all), running=runs.running, profiles=PROFILES)


async def start(view: View) -> Response:
    """Run the suite on this server, in a session that begins with the world of this one."""
    runs, plane = view.site.runs, view.site.plane
    if runs.running is not None:
        return view.redirect(f"contracts/{runs.running.id}", "A run is going on; stop it first.", failed=True)
    staff = next((user for user in view.world.users if user.is_staff and user.is_active), None)
    if staff is None:
        return view.redirect("contracts", "The world has no staff user, whose token the suite needs.", failed=True)
    outcome = await steer(view, "sessions_put", path={"id": SESSION}, body={"from": view.session.id})
    if outcome.failed:
        return view.redirect("contracts", outcome.reason, failed=True)
    profile = view.form.get("profile", "quick")
    run = Run(runs.next_id(), profile if profile in PROFILES else "quick", view.form.get("writes") == "on", plane.now())
    tokens = {"WALDUR_SUITE_STAFF": f"{SESSION}.{staff.token}"}
    words = ["--target", _address(view), "--token-env", "WALDUR_SUITE_STAFF", "--profile", run.profile]
    for user in view.world.users:
        if user.username in ROLES and user.is_active:
            name = f"WALDUR_SUITE_{user.username.upper()}"
            tokens[name] = f"{SESSION}.{user.token}"
            words += ["--role-token", f"{user.username}={name}"]
    own = view.site.dialects.own
    words += ["--revision", own.revision, "--max-time", str(MOST_SECONDS), *(["--wire"] if own.wire else [])]
    if only := view.form.get("only", "").strip():
        words += [f"--only={only}"]
    if run.writes:
        words += ["--allow-writes", view.request.scope["server"][0], "--write-invoice", "any", "--write-item", "any"]
    else:
        words.append("--read-only")
    runs.start(run, words, tokens)
    return view.redirect(f"contracts/{run.id}")


def stop(view: View) -> Response:
    """Ask the run to end; it tells what it has judged until then."""
    run = view.site.runs.running
    if run is not None and run.process is not None:
        run.process.terminate()
    return view.redirect("contracts", "The run was stopped." if run else "")


def report(view: View) -> Response:
    """One run: its progress, or its findings and results."""
    run = view.site.runs.find(view.request.path_params["id"])
    if run is None:
        return view.missing("run")
    outcome = view.query.get("outcome", "")
    results = [] if run.report is None else run.report["results"]
    wanted = [one for one in results if not outcome or one["outcome"] == outcome]
    findings = [(one, finding) for one in results for finding in one["findings"]][:MOST_RESULTS]
    return view.page(
        "contracts_run.html",
        run=run,
        lines=list(run.lines)[-12:],
        counts={} if run.report is None else {name: run.report["counts"].get(name, 0) for name in OUTCOMES},
        findings=_with_exchanges(view, findings),
        results=wanted[:MOST_RESULTS],
        more=max(0, len(wanted) - MOST_RESULTS),
        outcome=outcome,
        suite_session=SESSION,
    )


def _with_exchanges(
    view: View, findings: Sequence[tuple[Result, Result]]
) -> list[tuple[Result, Result, dict[str, Any] | None]]:
    """Each finding with the exchange that shows it, as the journal has it; None where it is not there any more."""
    session = view.site.plane.sessions.find(SESSION)
    if session is None or not findings:
        return [(result, finding, None) for result, finding in findings]
    reader = view.site.plane.reader
    by_request = {
        (f"{one.scope['method']} {_target(one)}", reader.username(one) or "anonymous"): one
        for one in session.journal.exchanges()
    }
    shown: list[tuple[Result, Result, dict[str, Any] | None]] = []
    for result, finding in findings:
        exchange = by_request.get((finding["request"], finding["role"]))
        shown.append((result, finding, None if exchange is None else reader.shown(exchange)))
    return shown


def _target(exchange: Exchange) -> str:
    """Path and query as they were sent."""
    path, query = exchange.scope["raw_path"], exchange.scope["query_string"]
    sent: bytes = path + b"?" + query if query else path
    return sent.decode("latin-1")


def _address(view: View) -> str:
    """This server by the address at which the browser has reached it."""
    host, port = view.request.scope["server"]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
