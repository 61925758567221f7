"""A folder of pages becomes one document, and a page that cannot be bundled is named."""

from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from waldur_billing_mock.openapi.document import DocumentError, Node, bundle, read_yaml, resolve, to_json, to_yaml

ROOT: Final[dict[str, Any]] = {"openapi": "3.1.0", "info": {"title": "Shop"}, "tags": [{"name": "fruits"}]}
FRUIT: Final[dict[str, Any]] = {"type": "object", "properties": {"day": {"example": "2025-11-22"}}}


def write(folder: Path, **files: Any) -> Path:
    """A description: `fruits` is its page, other names stand for files below `components`, `__` for a slash."""
    for name, content in {"openapi": ROOT, **files}.items():
        place = name.replace("__", "/")
        path = folder / (f"{place}.yaml" if place in ("openapi", "fruits", "nuts") else f"components/{place}.yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
        path.write_text(text, encoding="utf-8")
    return folder


def page(reference: str) -> dict[str, Any]:
    """A page whose only path refers to something."""
    return {"paths": {"/fruits/": {"get": {"found": {"$ref": reference}}}}}


def test_references_to_files_become_references_to_components(tmp_path: Path) -> None:
    basket = {"type": "array", "items": {"$ref": "Fruit.yaml"}}
    folder = write(
        tmp_path, fruits=page("components/schemas/Basket.yaml"), schemas__Basket=basket, schemas__Fruit=FRUIT
    )

    document = bundle(folder)

    assert document["paths"]["/fruits/"]["get"]["found"] == {"$ref": "#/components/schemas/Basket"}
    assert document["components"]["schemas"] == {
        "Basket": {"type": "array", "items": {"$ref": "#/components/schemas/Fruit"}},
        "Fruit": FRUIT,
    }


def test_a_reference_into_a_file_takes_the_member_that_it_names(tmp_path: Path) -> None:
    folder = write(tmp_path, fruits=page("components/parameters.yaml#/o"), parameters={"o": {"name": "o"}, "p": {}})

    document = bundle(folder)

    assert document["components"] == {"parameters": {"o": {"name": "o"}}}


def test_what_stands_beside_a_reference_stays(tmp_path: Path) -> None:
    described = {"$ref": "Fruit.yaml", "description": "Sweet."}
    folder = write(
        tmp_path,
        fruits=page("components/schemas/Basket.yaml"),
        schemas__Basket={"items": described},
        schemas__Fruit=FRUIT,
    )

    items = bundle(folder)["components"]["schemas"]["Basket"]["items"]

    assert items == {"$ref": "#/components/schemas/Fruit", "description": "Sweet."}


def test_a_schema_may_refer_to_itself(tmp_path: Path) -> None:
    tree = {"properties": {"child": {"$ref": "Tree.yaml"}}}
    folder = write(tmp_path, fruits=page("components/schemas/Tree.yaml"), schemas__Tree=tree)

    schemas = bundle(folder)["components"]["schemas"]

    assert schemas == {"Tree": {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}}


def test_the_pages_stand_in_the_order_of_their_tags(tmp_path: Path) -> None:
    root = {**ROOT, "tags": [{"name": "nuts"}, {"name": "fruits"}], "components": {"securitySchemes": {"key": {}}}}
    folder = write(tmp_path, openapi=root, fruits={"paths": {"/fruits/": {}}}, nuts={"paths": {"/nuts/": {}}})

    document = bundle(folder)

    assert list(document["paths"]) == ["/nuts/", "/fruits/"]
    assert document["components"] == {"securitySchemes": {"key": {}}}


def test_dates_stay_the_text_that_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("day: 2025-11-22\nnow: 2025-11-22T10:00:00Z\n", encoding="utf-8")

    assert read_yaml(path) == {"day": "2025-11-22", "now": "2025-11-22T10:00:00Z"}


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, r"fruits\.yaml: no such file; every tag needs a page"),
        ({"fruits": "a: [1"}, r"fruits\.yaml: not YAML"),
        ({"fruits": page("components/schemas/Nut.yaml")}, r"Nut\.yaml: no such file"),
        ({"fruits": page("components/parameters.yaml#/o"), "parameters": {"p": {}}}, r"leads to nothing in parameters"),
        ({"fruits": page("components/parameters.yaml"), "parameters": {}}, r"leads to no component; write"),
        ({"fruits": page("openapi.yaml")}, r"leads to no component; write"),
        ({"fruits": page("../../x/components/schemas/Nut.yaml")}, r"leads to no component; write"),
    ],
)
def test_a_description_that_cannot_be_bundled_says_why(tmp_path: Path, files: dict[str, Any], complaint: str) -> None:
    folder = write(tmp_path, **files)

    with pytest.raises(DocumentError, match=complaint):
        bundle(folder)


def test_a_path_stands_on_one_page_only(tmp_path: Path) -> None:
    root = {**ROOT, "tags": [{"name": "fruits"}, {"name": "nuts"}]}
    folder = write(tmp_path, openapi=root, fruits={"paths": {"/x/": {}}}, nuts={"paths": {"/x/": {}}})

    with pytest.raises(DocumentError, match=r"nuts\.yaml: the path /x/ is on two pages; keep one of them\."):
        bundle(folder)


def test_a_reference_is_followed_to_its_end() -> None:
    document: Node = {"a": {"$ref": "#/b/x~1y"}, "b": {"x/y": {"$ref": "#/c~0"}}, "c~": {"type": "string"}}

    assert resolve(document, document["a"]) == {"type": "string"}
    assert resolve(document, {"type": "number"}) == {"type": "number"}


def test_a_document_is_written_readable_in_every_script() -> None:
    document = {"title": "Õun", "day": "2025-11-22"}

    assert yaml.safe_load(to_yaml(document)) == document
    assert "Õun" in to_yaml(document)
    assert to_json(document) == '{\n  "title": "Õun",\n  "day": "2025-11-22"\n}\n'
