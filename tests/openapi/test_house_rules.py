"""House rules of the description, a sentence each."""

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.descriptions import description
from waldur_billing_mock.mock_server.settings import DESCRIPTION
from waldur_billing_mock.openapi.document import Node, bundle, read_yaml, resolve
from waldur_billing_mock.openapi.operation import METHODS, Operation, operations
from waldur_billing_mock.openapi.revision import BASE, revisions

DIALECTS: Final = [(revision, wire) for revision in revisions(DESCRIPTION) for wire in (False, True)]
IN_ALL_REVISIONS = pytest.mark.parametrize("revision", revisions(DESCRIPTION))
PROSE: Final = ("description", "x-waldur-note")
PAGES: Final = ("openapi.yaml", "invoices.yaml", "invoice-items.yaml", "provider-invoice-items.yaml")


def described(revision: str) -> Iterator[tuple[Operation, Node]]:
    for operation in operations(description(revision)):
        yield operation, description(revision)["paths"][operation.path][operation.method.lower()]


def nodes(node: Any, place: str = "$") -> Iterator[tuple[str, Any]]:
    """Every node below one, itself included, with its place."""
    yield place, node
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        if key not in ("example", "examples", "value", "default", "enum"):
            yield from nodes(child, f"{place}.{key}")


@lru_cache(maxsize=64)
def validator(revision: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    whole = {**json.loads(schema), "components": description(revision)["components"]}
    return jsonschema_rs.Draft202012Validator(whole, validate_formats=True)


@pytest.mark.parametrize(("revision", "wire"), DIALECTS)
def test_the_validator_of_openapi_finds_nothing(revision: str, wire: bool) -> None:
    errors = [str(error) for error in OpenAPIV31SpecValidator(description(revision, wire)).iter_errors()]

    assert errors == []


@IN_ALL_REVISIONS
def test_every_operation_says_where_it_comes_from_and_who_may_call_it(revision: str) -> None:
    tags = {tag["name"] for tag in description(revision)["tags"]}
    for operation, node in described(revision):
        assert set(node["x-waldur-source"]) == {"document", "heading"}, operation.operation_id
        documents = ("beyond",) if operation.beyond else ("000", "001", "002", "003")
        assert node["x-waldur-source"]["document"] in documents
        assert node["x-waldur-source"]["heading"]
        assert operation.permission in ("authenticated", "staff", "support")
        assert len(node["tags"]) == 1
        assert operation.tag in tags
        assert operation.summary
        assert not operation.summary.endswith(".")


@IN_ALL_REVISIONS
def test_the_name_of_an_operation_is_its_own(revision: str) -> None:
    names = [operation.operation_id for operation, _ in described(revision)]

    assert len(set(names)) == len(names)


def expected_errors(operation: Operation, *, head: bool) -> set[str]:
    """The refusals that follow from what the operation is."""
    found = {"401", "406"} | (set() if head else {"405"})
    if operation.permission == "staff":
        found |= {"403"}
    if "{" in operation.path or "page" in operation.query:
        found |= {"404"}
    if operation.bodies:
        found |= {"400", "415"}
    if any(parameter.schema.get("format") == "uuid" for parameter in operation.query.values()):
        found |= {"400"}
    return found


@IN_ALL_REVISIONS
def test_every_operation_describes_its_refusals(revision: str) -> None:
    for operation, node in described(revision):
        missing = expected_errors(operation, head=operation.method == "HEAD") - node["responses"].keys()
        assert not missing, f"{operation.operation_id} does not describe {', '.join(sorted(missing))}"


@IN_ALL_REVISIONS
def test_the_answer_to_head_is_that_of_get_without_a_body(revision: str) -> None:
    """Only the count of rows may be described beyond that: generated clients expect it of every HEAD."""
    count = {"X-Result-Count"}
    for operation, node in described(revision):
        if operation.method == "HEAD":
            get = description(revision)["paths"][operation.path]["get"]
            assert operation.success.headers.keys() - count == get["responses"]["200"].get("headers", {}).keys() - count
            assert not any("content" in resolve(description(revision), found) for found in node["responses"].values())


@IN_ALL_REVISIONS
def test_every_property_and_every_parameter_is_explained(revision: str) -> None:
    whole = description(revision)
    unexplained = [
        f"{place}.{name}"
        for place, node in nodes(whole)
        if isinstance(node, dict) and isinstance(node.get("properties"), dict)
        for name, field in node["properties"].items()
        if "description" not in resolve(whole, field) and "description" not in field
    ]
    parameters = whole["components"]["parameters"]
    unexplained += [name for name, parameter in parameters.items() if not parameter.get("description")]

    assert unexplained == []


@pytest.mark.parametrize(("revision", "wire"), DIALECTS)
def test_prose_is_made_of_sentences(revision: str, wire: bool) -> None:
    fragments = [
        f"{place}.{key}: {node[key]}"
        for place, node in nodes(description(revision, wire))
        if isinstance(node, dict)
        for key in PROSE
        if isinstance(node.get(key), str)
        and not (node[key].rstrip().endswith((".", "?", "!")) and node[key][0] == node[key][0].upper())
    ]

    assert fragments == []


def examples(revision: str) -> Iterator[tuple[str, Node, Any]]:
    """Every example with its place and the schema that it should fit."""
    whole = description(revision)
    for operation, node in described(revision):
        bodies = [("request", node.get("requestBody", {}))]
        bodies += [(status, resolve(whole, response)) for status, response in node["responses"].items()]
        for place, holder in bodies:
            for media, content in holder.get("content", {}).items():
                for name, example in content.get("examples", {}).items():
                    value = resolve(whole, example)["value"]
                    yield f"{operation.operation_id} {place} {media} {name}", content["schema"], value
    for kind in ("parameters", "headers"):
        for name, component in whole["components"][kind].items():
            if "example" in component:
                yield f"{kind} {name}", component["schema"], component["example"]


@IN_ALL_REVISIONS
def test_every_example_is_valid(revision: str) -> None:
    complaints = [
        f"{place}: {error}"
        for place, schema, value in examples(revision)
        for error in validator(revision, json.dumps(schema)).iter_errors(value)
    ]

    assert complaints == []


@IN_ALL_REVISIONS
def test_every_json_body_has_an_example(revision: str) -> None:
    shown = {place.rpartition(" ")[0] for place, _, _ in examples(revision)}
    for operation, node in described(revision):
        if operation.bodies:
            assert f"{operation.operation_id} request application/json" in shown
        for status, response in node["responses"].items():
            if "content" in resolve(description(revision), response):
                assert f"{operation.operation_id} {status} application/json" in shown


def exact(value: object) -> Decimal:
    return Decimal(str(value))


def value_of(name: str, revision: str = BASE) -> Any:
    return description(revision)["components"]["examples"][name]["value"]


@pytest.mark.parametrize("name", ["Invoice", "PaidInvoice"])
def test_the_sums_of_the_printed_invoice_add_up(name: str) -> None:
    invoice = value_of(name)
    items = invoice["items"]
    products = [exact(item["unit_price"]) * exact(item["quantity"]) for item in items]

    assert exact(invoice["price"]) == sum(exact(item["price"]) for item in items)
    assert exact(invoice["total"]) == exact(invoice["price"]) + exact(invoice["tax"])
    assert exact(invoice["incurred_costs"]) + exact(invoice["compensations"]) == sum(products)
    for item, product in zip(items, products, strict=True):
        assert abs(exact(item["price"]) - product) < Decimal("0.01")
        assert abs(exact(item["price"]) + exact(item["tax"]) - exact(item["total"])) <= Decimal("0.01")
    names = [(item["project_name"], item["name"]) for item in items]
    assert names == sorted(names)


def test_the_other_printed_sums_are_those_of_the_invoice() -> None:
    """The costs were asked for before the credit was applied, so that they are the incurred costs."""
    invoice = value_of("Invoice")
    incurred = exact(invoice["incurred_costs"])
    growth = value_of("InvoiceGrowth")
    (costs,) = [row for row in value_of("Costs") if row["month"] == invoice["month"]]

    assert sum(exact(row["aggregated_price"]) for row in value_of("InvoiceStats")) == exact(invoice["price"])
    assert exact(value_of("TotalPrice")["total_price"]) == incurred + exact(invoice["compensations"])
    assert exact(value_of("CostsForPeriod")["total_price"]) == exact(costs["price"]) == round(incurred, 2)
    assert exact(growth["total_periods"][growth["periods"].index("2025-11")]) == round(exact(invoice["total"]), 2)


def links(revision: str) -> Iterator[tuple[Operation, str, Node]]:
    for operation, node in described(revision):
        for response in node["responses"].values():
            for name, link in resolve(description(revision), response).get("links", {}).items():
                yield operation, name, resolve(description(revision), link)


@pytest.mark.parametrize(("revision", "wire"), DIALECTS)
def test_links_lead_to_existing_operations_with_existing_parameters(revision: str, wire: bool) -> None:
    known = {operation.operation_id: operation for operation in operations(description(revision, wire))}
    for operation, name, link in links(revision):
        target = known[link["operationId"]]
        required = {parameter.name for parameter in target.parameters if parameter.required}
        assert required <= set(link["parameters"]) <= {parameter.name for parameter in target.parameters}, name
        for expression in link["parameters"].values():
            if expression.startswith("$request.path."):
                assert f"{{{expression.removeprefix('$request.path.')}}}" in operation.path


def test_a_link_reads_what_the_examples_have() -> None:
    for operation, name, link in links(BASE):
        node = description()["paths"][operation.path][operation.method.lower()]
        success = next(response for status, response in node["responses"].items() if status[0] == "2")
        for expression in link["parameters"].values():
            if expression.startswith("$response.body#/"):
                values = success["content"]["application/json"]["examples"].values()
                value = resolve(description(), next(iter(values)))["value"]
                for step in expression.removeprefix("$response.body#/").split("/"):
                    value = value[int(step)] if isinstance(value, list) else value[step]
                assert re.fullmatch(r"[0-9a-f-]{36}", value), name


@IN_ALL_REVISIONS
def test_every_component_is_used(revision: str) -> None:
    whole = description(revision)
    text = json.dumps(whole)
    unused = [
        f"{kind}/{name}"
        for kind, members in whole["components"].items()
        if kind != "securitySchemes"
        for name in members
        if f'"#/components/{kind}/{name}"' not in text
    ]

    assert unused == []


def test_nothing_is_written_that_is_not_bundled() -> None:
    bundled: Mapping[str, Any] = bundle(DESCRIPTION)["components"]
    written = {"schemas": {path.stem for path in (DESCRIPTION / "components" / "schemas").glob("*.yaml")}}
    for kind in ("parameters", "headers", "responses", "examples"):
        written[kind] = set(read_yaml(DESCRIPTION / "components" / f"{kind}.yaml"))

    assert written == {kind: set(bundled[kind]) for kind in written}


def test_the_extensions_that_are_used_are_explained() -> None:
    """Those of the catalogue of deviations are explained in the catalogue."""
    readme = (DESCRIPTION / "README.md").read_text(encoding="utf-8")
    used = {
        key
        for revision, wire in DIALECTS
        for _, node in nodes(description(revision, wire))
        if isinstance(node, dict)
        for key in node
        if str(key).startswith("x-")
    }

    assert {key for key in used if f"`{key}`" not in readme} == set()


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_has_the_operations_of_its_tag_only(page: str) -> None:
    for item in read_yaml(DESCRIPTION / page)["paths"].values():
        assert {tag for method in METHODS if method in item for tag in item[method]["tags"]} == {page[:-5]}
