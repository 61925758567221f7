"""Filters of sums and statistics, and filters that no field of a row shows: days, states, concealed compensations."""

from waldur_billing_mock.contracts.context import Context, key_of, need
from waldur_billing_mock.contracts.conventions.filters import FILTERS, ITEMS, asked_for, unknown_value
from waldur_billing_mock.contracts.declare import convention, invariant
from waldur_billing_mock.contracts.exchange import Complaint, NotExercised
from waldur_billing_mock.contracts.readings.discovery import UNKNOWN, billing_data, cost
from waldur_billing_mock.contracts.readings.example_targets import example_target
from waldur_billing_mock.contracts.values import decimal as number
from waldur_billing_mock.contracts.values import half_even, hyphenated, identity_of, optional_identifier

_TOTAL = "invoice_items_total_price_retrieve"
_VALUES = 3
"""How many values of a filter are asked for at most."""


@convention(lambda description, operation: operation.query if operation.operation_id == _TOTAL else False)
def sums_follow_filters(context: Context, operation_id: str, name: str) -> None:
    """The total price under a filter is that of the items which the list shows under the same filter, or none."""
    context.parameter(operation_id, name)
    data = billing_data(context)
    items, expected_value = need(data.items, "invoice item"), ITEMS.get(name)
    # No answer shows what some filters go by; that nothing has an unknown value can be verified of these, too.
    by_key = {identity_of(row): row for row in items}
    values = {key: expected_value.value(data, row) for key, row in by_key.items()} if expected_value else {}
    several = asked_for(context, expected_value, values.values()) if expected_value else {}
    written = dict(list(several.items())[:_VALUES])
    unknown = unknown_value(name)
    for text in [*written, *([unknown] if unknown else ())]:
        at = context.description.place_of_parameter(context.description.operations[operation_id], name)
        exchange = context.ask(operation_id, query={name: text}, at=at)
        exchange.must.have_status(200)
        expected = {key for key, value in values.items() if value == written.get(text, UNKNOWN)}
        listed = context.keys("invoice_items_list", expected, query={name: text}) if text != unknown else set()
        shown = number(exchange.must.show_row()["total_price"])
        listed_cost = half_even(cost(by_key[key] for key in listed & by_key.keys()))
        exchange.must.agree(f"the total price for {name} and the items", half_even(shown), listed_cost)


@invariant("invoices_list")
def days_divide_invoices(context: Context) -> None:
    """Every invoice was made before a day, on it, or after it, and `end_date`, `created`, `start_date` say which."""
    rows = need(context.rows("invoices_list"), "invoice")
    whole = sorted(map(identity_of, rows))
    days = sorted({f"{row['year']:04}-{row['month']:02}-01" for row in rows})
    for day in context.sample(days, size=4):
        exchange = context.first_page("invoices_list", query={"created": day})
        parts = {
            name: context.rows("invoices_list", query={name: day}) for name in ("end_date", "created", "start_date")
        }
        found = sorted(identity_of(row) for part in parts.values() for row in part)
        exchange.must.agree("the invoices before, on and after a day and all invoices", found, whole)


@invariant("invoices_list")
def an_invoice_is_made_in_its_month_or_later(context: Context) -> None:
    """Hardly an invoice is made before its month, and none both on a day and after it."""
    rows = need(context.rows("invoices_list"), "invoice")
    days = sorted({f"{row['year']:04}-{row['month']:02}-01" for row in rows})
    first = [row for row in rows if f"{row['year']:04}-{row['month']:02}-01" == days[0]]
    early = context.rows("invoices_list", query={"end_date": days[0]})
    exchange = context.first_page("invoices_list", query={"end_date": days[0]})
    # A server may have a zone of its own, or invoices that were brought in from elsewhere.
    exchange.must.hold(
        2 * len(early) <= len(first), "invoices of the first month must not be made before it", len(early)
    )
    if len(days) > 1:
        late = {identity_of(row) for row in context.rows("invoices_list", query={"start_date": days[-1]})}
        made = {identity_of(row) for row in context.rows("invoices_list", query={"created": days[-1]})}
        exchange = context.first_page("invoices_list", query={"start_date": days[-1]})
        exchange.must.hold(len(late) < len(rows), "start_date must leave something out", len(late))
        exchange.must.hold(not late & made, "an invoice must not be made on a day and after it", len(late & made))


@invariant("invoices_list")
def states_are_alternatives(context: Context) -> None:
    """Several states keep the invoices in any of them."""
    rows = need(context.rows("invoices_list"), "invoice")
    states = sorted({row["state"] for row in rows})[:2]
    got = context.rows("invoices_list", query={"state": states})
    expected = [identity_of(row) for row in rows if row["state"] in states]
    exchange = context.first_page("invoices_list", query={"state": states})
    exchange.must.agree("the invoices in any of two states", sorted(map(identity_of, got)), sorted(expected))


@invariant("invoices_list")
def states_may_be_written_with_commas(context: Context) -> None:
    """Several states may be written with commas instead of being repeated."""
    rows = need(context.rows("invoices_list"), "invoice")
    states = sorted({row["state"] for row in rows})[:2]
    if len(states) < 2 or context.description.dialect == "wire":
        raise NotExercised("it takes invoices in two states, and a dialect in which commas mean something")
    with context.known("array-style-strict"):
        exchange = context.first_page("invoices_list", query={"state": ",".join(states)})
        repeated = context.first_page("invoices_list", query={"state": states})
        context.must_be_the_same("the invoices in states with commas and repeated", exchange, repeated)


@invariant("invoices_list")
def accounting_divides_invoices(context: Context) -> None:
    """Every invoice is of a customer whose accounting is running or not; `accounting_is_running` says which."""
    if "accounting_is_running" not in context.description.operations["invoices_list"].query:
        raise NotExercised("this dialect has no parameter accounting_is_running")
    whole = sorted(map(identity_of, need(context.rows("invoices_list"), "invoice")))
    with context.known("accounting-is-running-ignored"):
        parts = [context.rows("invoices_list", query={"accounting_is_running": word}) for word in ("true", "false")]
        exchange = context.first_page("invoices_list", query={"accounting_is_running": "true"})
        found = sorted(identity_of(row) for part in parts for row in part)
        exchange.must.agree("the invoices with accounting and without, and all", found, whole)


@convention(lambda description, operation: operation.method == "GET" and "start_year" in operation.query)
def absurd_years_do_not_fail(context: Context, operation_id: str) -> None:
    """A start in a year that no calendar has finds nothing or is refused, and does not fail."""
    about = example_target(context, operation_id)
    for year in ("0", "10000"):
        with context.known("absurd-years-fail"):
            query = {**about.query, "start_year": year}
            context.ask(operation_id, of=about.of, query=query).must.have_status(200, 400, 404)


@invariant("invoices_items_retrieve")
def compensations_can_be_concealed(context: Context) -> None:
    """`conceal_compensation_items=true` hides what a credit pays, and nothing else."""
    data = billing_data(context)
    with_credit = [row for row in data.invoices if any(line.get("credit") for line in row["items"])]
    for row in context.sample(need(with_credit, "invoice that a credit pays"), size=2):
        for value, hides in (("true", True), ("", False)):
            query = {"conceal_compensation_items": value}
            got = context.rows("invoices_items_retrieve", query=query, of=str(row["uuid"]))
            expected = [key_of(line) for line in row["items"] if not (hides and line["credit"])]
            exchange = context.first_page("invoices_items_retrieve", of=str(row["uuid"]), query=query)
            exchange.must.agree(
                f"the items when concealing is {value or 'off'}", sorted(map(key_of, got)), sorted(expected)
            )


@invariant("invoices_stats_list")
def statistics_of_an_unknown_provider_are_empty(context: Context) -> None:
    """`provider_uuid` of nobody keeps no offering."""
    context.parameter("invoices_stats_list", "provider_uuid")
    about = example_target(context, "invoices_stats_list")
    need(context.rows("invoices_stats_list", of=about.of), "offering")
    exchange = context.ask("invoices_stats_list", of=about.of, query={"provider_uuid": UNKNOWN})
    exchange.must.agree("the offerings of an unknown provider and nothing", exchange.must.show_rows(), [])


@invariant("invoices_stats_list")
def statistics_are_filtered_by_provider(context: Context) -> None:
    """`provider_uuid` keeps the offerings of one provider; the sums of an offering do not change by it."""
    context.parameter("invoices_stats_list", "provider_uuid")
    about = example_target(context, "invoices_stats_list")
    operation = context.description.operations["invoices_stats_list"]
    if context.description.switched(operation, "provider-is-customer"):
        raise NotExercised("this dialect goes by the selling customer, which no answer shows")
    whole = need(context.rows("invoices_stats_list", of=about.of), "offering")
    providers = {optional_identifier(row["service_provider_uuid"]) for row in whole} - {None}
    for value in sorted(map(str, providers)):
        query = {"provider_uuid": hyphenated(value)}
        got = context.rows("invoices_stats_list", of=about.of, query=query)
        expected = [row for row in whole if optional_identifier(row["service_provider_uuid"]) == value]
        exchange = context.first_page("invoices_stats_list", of=about.of, query=query)
        # No known deviation has offerings in the place of those that were asked for.
        kept = {identity_of(row) for row in got} & {identity_of(row) for row in expected}
        exchange.must.hold(bool(kept) or not got, "the offerings of a provider must be those that name it", len(got))
        with context.known("stats-provider-is-customer"):
            exchange.must.agree("the offerings of a provider and those that name it", got, expected)


@invariant("invoices_stats_list")
def statistics_obey_the_filters_of_invoices(context: Context) -> None:
    """An invoice that does not match a filter of invoices has no offerings to show; one that does shows them all."""
    if "year" not in context.description.operations["invoices_stats_list"].query:
        raise NotExercised("this dialect has no filters of invoices here")
    about = example_target(context, "invoices_stats_list")
    whole = need(context.rows("invoices_stats_list", of=about.of), "offering")
    invoice = context.row("invoices_retrieve", of=about.of)
    for name in ("year", "month", "state", "customer_uuid"):
        at = context.description.place_of_parameter(context.description.operations["invoices_stats_list"], name)
        expected_value = FILTERS["invoices_list"][name]
        value = expected_value.write(expected_value.value(billing_data(context), invoice))
        match = context.rows("invoices_stats_list", of=about.of, query={name: value})
        exchange = context.first_page("invoices_stats_list", of=about.of, query={name: value}, at=at)
        exchange.must.agree(f"the offerings where {name} matches and all", match, whole)
        other = {"year": 1999, "month": invoice["month"] % 12 + 1, "customer_uuid": UNKNOWN}
        other["state"] = "canceled" if invoice["state"] != "canceled" else "paid"
        query = {name: other[name], "page_size": 300}
        exchange = context.ask("invoices_stats_list", of=about.of, query=query, at=at)
        if exchange.status == 404 and context.survey.outdated:
            what = "statistics of an invoice that does not match a filter are not found, as in releases before 2025"
            place = context.description.place(context.description.operations["invoices_stats_list"])
            context.note(Complaint(what, place, 200, exchange.status, exchange))
            continue
        exchange.must.have_status(200)
        with context.known("stats-filters-ignored"):
            exchange.must.agree(f"the offerings where {name} does not match and nothing", exchange.must.show_rows(), [])
