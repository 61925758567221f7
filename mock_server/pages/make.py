"""Forms for the builders of the control plane, and what was made as a scenario file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any, Final, Literal

from starlette.responses import Response

from waldur_billing_mock.mock_server.pages.steering import Outcome, steer
from waldur_billing_mock.mock_server.pages.view import View
from waldur_billing_mock.mock_server.world_text import WorldText
from waldur_billing_mock.openapi.document import to_yaml

MOST_SUGGESTIONS: Final = 200

Sort = Literal["text", "integer", "decimal", "pairs", "names", "choice"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. A `path` with dots is a field of the first entry of a list, such as `projects.name`."""

    path: str
    title: str
    sort: Sort = "text"
    hint: str = ""
    required: bool = False
    choices: Sequence[str] = ()
    suggestions: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One builder: the section of a scenario file that it adds to, its operation, and its fields."""

    section: str
    title: str
    operation_id: str
    fields: Sequence[Field]


_UNITS: Final = ("", "month", "quarter", "half_month", "day", "hour")
_PAYMENT_TYPES: Final = ("", "invoices", "fixed_price", "payment_gw_monthly")
_MONTH: Final = "2025-11, or -1 for the last month"
_RESOURCE: Final = (
    Field("name", "Name of the resource"),
    Field("offering", "Offering, or", suggestions="offerings"),
    Field("unit_price", "a price of its own", "decimal", "12.50"),
    Field("unit", "for each", "choice", choices=_UNITS),
    Field("since", "Since", hint="2025-11-10, or -1"),
    Field("limits", "Limits", "pairs", "cores=4 ram=8"),
    Field("usage", "Usage in each month", "pairs", "traffic=100"),
)
FORMS: Final[Mapping[str, Form]] = {
    form.section: form
    for form in (
        Form(
            "customers",
            "Customer",
            "customers_add",
            (
                Field("name", "Name", required=True),
                Field("owner", "Username of the owner", hint="anna"),
                Field("country", "Country", hint="EE"),
                Field("tax_percent", "Tax in percent", "decimal", "24"),
                Field(
                    "payment_type", "Pays by", "choice", choices=("", "invoices", "fixed_price", "payment_gw_monthly")
                ),
                Field("credit", "Credit", "decimal", "100"),
                Field("projects.name", "Name of a project", hint="web"),
                *(replace(one, path=f"projects.resources.{one.path}") for one in _RESOURCE),
            ),
        ),
        Form(
            "projects",
            "Project",
            "projects_add",
            (
                Field("customer", "Customer", required=True, suggestions="customers"),
                Field("name", "Name", required=True),
                Field("admin", "Username of an administrator"),
            ),
        ),
        Form(
            "resources",
            "Resource",
            "resources_add",
            (
                Field("project", "Project", required=True, suggestions="projects"),
                Field("customer", "Customer, where several have such a project", suggestions="customers"),
                *_RESOURCE,
            ),
        ),
        Form(
            "usages",
            "Usage",
            "usages_add",
            (
                Field("resource", "Resource", required=True, suggestions="resources"),
                Field("component", "Component", required=True, hint="traffic"),
                Field("usage", "Usage", "decimal", "137.25", required=True),
                Field("month", "Month", "integer", _MONTH),
            ),
        ),
        Form(
            "invoices",
            "Invoice",
            "invoices_add",
            (
                Field("customer", "Customer", required=True, suggestions="customers"),
                Field("month", "Month", "integer", _MONTH),
                Field("state", "State", "choice", choices=("", "pending", "created", "paid", "canceled")),
            ),
        ),
        Form(
            "invoice_items",
            "Item",
            "invoice_items_add",
            (
                Field("customer", "Customer", required=True, suggestions="customers"),
                Field("name", "Name", required=True, hint="Consulting"),
                Field("unit_price", "Unit price", "decimal", "80", required=True),
                Field("quantity", "Quantity", "decimal", "1.5"),
                Field("month", "Month of the invoice", "integer", _MONTH),
            ),
        ),
        Form(
            "credits",
            "Credit",
            "credits_add",
            (
                Field("customer", "Customer", suggestions="customers"),
                Field("project", "or project", suggestions="projects"),
                Field("value", "Value", "decimal", "100", required=True),
                Field("end_date", "Good until", hint="2026-12-31"),
            ),
        ),
        Form(
            "users",
            "User",
            "users_add",
            (
                Field("username", "Username", required=True),
                Field("full_name", "Full name"),
                Field("roles.role", "Role", "choice", choices=("", "owner", "manager", "support", "admin", "member")),
                Field("roles.customer", "on the customer", suggestions="customers"),
                Field("roles.project", "or project", suggestions="projects"),
            ),
        ),
    )
}
"""All forms by their sections. Lists have one entry here; a whole file can say more."""


def make(view: View) -> Response:
    """The form that `what` names, and the scenario file of all that was made."""
    form = FORMS.get(view.query.get("what", ""), FORMS["customers"])
    return _page(view, form, None)


async def add(view: View) -> Response:
    """Call the builder. What it refuses stands beside the form."""
    form = FORMS.get(view.form.get("what", ""), FORMS["customers"])
    entry = entry_of(form, view.form)
    outcome = await steer(view, form.operation_id, body=entry)
    if outcome.failed:
        return _page(view, form, outcome)
    view.site.recipes.add(view.session.id, form.section, entry)
    shown = outcome.value
    name = shown.get("name") or shown.get("username") or shown.get("number") or shown.get("customer_name") or ""
    links = _links(view, form.section, shown)
    text = f"{form.title} {name} is made." if name else f"{form.title} is made."
    return view.redirect("make", text, what=form.section, details={"links": links, "shown": shown})


async def add_file(view: View) -> Response:
    """`scenario_add`: all that a scenario file says, or nothing."""
    text = view.form.get("file", "")
    outcome = await steer(view, "scenario_add", body=WorldText("the file", text, is_yaml=True))
    if outcome.failed:
        return _page(view, FORMS["customers"], outcome, file=text)
    made = {name: len(rows) for name, rows in outcome.value.items()}
    counts = ", ".join(f"{count} {name}" for name, count in made.items())
    return view.redirect("make", f"The file is added: {counts}.", details={"links": [], "shown": outcome.value})


def clear(view: View) -> Response:
    """The scenario file is begun anew; the world stays as it is."""
    view.site.recipes.clear(view.session.id)
    return view.redirect("make", "The scenario file is empty.")


def entry_of(form: Form, sent: Mapping[str, str]) -> dict[str, Any]:
    """The entry of a scenario file that the fields say. Text that is no number stays as it is, and is refused later."""
    entry: dict[str, Any] = {}
    for one in form.fields:
        text = sent.get(one.path, "").strip()
        if text:
            *lists, name = one.path.split(".")
            place = entry
            for step in lists:
                place = place.setdefault(step, [{}])[0]
            place[name] = _value(one.sort, text)
    return entry


def _value(sort: Sort, text: str) -> Any:
    match sort:
        case "integer":
            return int(text) if text.lstrip("-").isdecimal() and len(text) < 6 else text
        case "decimal":
            # As text, the number is stored digit for digit.
            return text
        case "pairs":
            pairs = (part.partition("=") for part in text.replace(",", " ").split())
            return {name: _number(number) for name, _, number in pairs}
        case _:
            return text


def _number(text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return int(number) if number.is_finite() and number == number.to_integral_value() else text


def _page(view: View, form: Form, refused: Outcome | None, file: str = "") -> Response:
    world, content = view.world, view.site.recipes.content(view.session.id)
    names = {
        "customers": {row.name for row in world.customers},
        "projects": {row.name for row in world.projects},
        "resources": {row.name for row in world.resources},
        "offerings": {row.name for row in world.offerings},
    }
    return view.page(
        "make.html",
        400 if refused else 200,
        form=view.form,
        shown_form=form,
        forms=FORMS.values(),
        refused=refused,
        file=file,
        suggestions={table: sorted(found)[:MOST_SUGGESTIONS] for table, found in names.items()},
        scenario=to_yaml({"extends": "default", **content}) if content else "",
    )


def _links(view: View, section: str, shown: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where what was made is shown."""
    pages = {"customers": "customers", "projects": "projects", "resources": "resources", "invoices": "invoices"}
    pages |= {"invoice_items": "items"}
    uuid = str(shown.get("uuid", "")).replace("-", "")
    return [("Show it", view.url(f"{pages[section]}/{uuid}"))] if section in pages and uuid else []
