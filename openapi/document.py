"""Loads the pages of a description and bundles them into one OpenAPI document.

A description is a folder: `openapi.yaml` names the tags, each tag has a page `<tag>.yaml` with its paths, and what the
pages share lies under `components/`: one file a schema (`components/schemas/Invoice.yaml`), one file for all
parameters, headers, responses and examples (`components/parameters.yaml#/page`). The bundle holds no reference to a
file any more.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from waldur_billing_mock.openapi.pointer import look_up

Node = dict[str, Any]
"""A JSON object of an OpenAPI document."""


class DocumentError(Exception):
    """A description that cannot be loaded; the message names the file, the place and the way to mend it."""


@cache
def _loader() -> Any:
    """Reads YAML as JSON would: a date in an example stays the text that was written."""
    # Loaded where YAML is read or written, which a server that starts again does not do (see `compiled.py`).
    import yaml

    base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    resolvers_of = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    return type("Loader", (base,), {"yaml_implicit_resolvers": resolvers_of})


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, timestamps left as text. Raises `DocumentError` where there is none."""
    import yaml

    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())  # noqa: S506 - a SafeLoader  # nosec B506
    except FileNotFoundError as error:
        raise DocumentError(f"{path}: no such file; every tag needs a page and every reference a file.") from error
    except yaml.YAMLError as error:
        raise DocumentError(f"{path}: not YAML: {error}") from error


def bundle(folder: Path, root: str = "openapi.yaml") -> Node:
    """The description that starts with the file `root`, as one document whose references point into `#/components`."""
    return _Bundler(folder.resolve()).bundle(root)


class _Bundler:
    def __init__(self, folder: Path) -> None:
        self._folder: Final = folder
        self._files: dict[Path, Any] = {}
        self._components: dict[str, Node] = {}
        self._places: dict[tuple[Path, str], tuple[Path, tuple[str, ...]]] = {}

    def bundle(self, name: str) -> Node:
        root = self._folder / name
        document = dict(self._hoist(self._file(root), root))
        declared: Node = document.pop("components", {})
        paths: Node = {}
        for tag in document.get("tags", []):
            page = self._folder / f"{tag['name']}.yaml"
            for path, item in self._file(page).get("paths", {}).items():
                if path in paths:
                    raise DocumentError(f"{page}: the path {path} is on two pages; keep one of them.")
                paths[path] = self._hoist(item, page)
        components = {kind: dict(sorted(self._components[kind].items())) for kind in sorted(self._components)}
        for kind, members in declared.items():
            components[kind] = {**members, **components.get(kind, {})}
        return {**document, "paths": paths, "components": components}

    def _file(self, path: Path) -> Any:
        if path not in self._files:
            self._files[path] = read_yaml(path)
        return self._files[path]

    def _hoist(self, node: Any, file: Path) -> Any:
        """The node with every reference to a file replaced by one to the component that file holds."""
        match node:
            case {"$ref": str(reference), **others} if not reference.startswith("#/components/"):
                siblings = {key: self._hoist(value, file) for key, value in others.items()}
                return {"$ref": self._component(reference, file), **siblings}
            case dict():
                return {key: self._hoist(value, file) for key, value in node.items()}
            case list():
                return [self._hoist(value, file) for value in node]
        return node

    def _place(self, file: Path, name: str) -> tuple[Path, tuple[str, ...]]:
        """The file that a reference in `file` names, and the steps to it within the folder; none outside of it.

        Pages name the same few files in thousands of references, so that each is resolved once.
        """
        key = file, name
        if key not in self._places:
            target = (file.parent / name).resolve() if name else file
            inside = target.is_relative_to(self._folder)
            self._places[key] = target, target.relative_to(self._folder).with_suffix("").parts if inside else ()
        return self._places[key]

    def _component(self, reference: str, file: Path) -> str:
        """Takes the referenced component into the bundle; returns the reference to it there."""
        name, _, pointer = reference.partition("#")
        target, place = self._place(file, name)
        match (*place, *pointer.strip("/").split("/")) if pointer.strip("/") else place:
            case ("components", str(kind), str(component)) | ("components", "support", str(kind), str(component)):
                pass
            case _:
                raise DocumentError(
                    f"{file}: the reference {reference!r} leads to no component; write "
                    "'components/schemas/Name.yaml' or 'components/parameters.yaml#/name'."
                )
        members = self._components.setdefault(kind, {})
        if component not in members:
            members[component] = {}  # taken before it is walked, so that a schema may refer to itself
            content = self._file(target)
            if pointer.strip("/"):
                if component not in content:
                    raise DocumentError(f"{file}: the reference {reference!r} leads to nothing in {target.name}.")
                content = content[component]
            members[component] = self._hoist(content, target)
        return f"#/components/{kind}/{component}"


def resolve(document: Node, node: Node) -> Node:
    """The node itself, or what its `$ref` into the same document leads to."""
    while "$ref" in node:
        node = look_up(document, node["$ref"])
    return node


def with_inline_parameters(document: Node) -> Node:
    """The document with the schemas of parameters written out: generators give a named one types that collide."""
    parameters = document.get("components", {}).get("parameters", {})
    inline = {
        name: {**parameter, "schema": _inlined(document, parameter["schema"])} for name, parameter in parameters.items()
    }
    return {**document, "components": {**document["components"], "parameters": inline}} if inline else document


def _inlined(document: Node, node: Any) -> Any:
    """A schema without references. Those of parameters never refer to themselves."""
    match node:
        case dict():
            return {key: _inlined(document, value) for key, value in resolve(document, node).items()}
        case list():
            return [_inlined(document, value) for value in node]
    return node


def without_unused_components(document: Node) -> Node:
    """The document with those components alone that its paths refer to, directly or not; security schemes stay."""
    used: set[str] = set()
    nodes: list[Any] = [document["paths"]]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and reference not in used:
                used.add(reference)
                nodes.append(resolve(document, node))
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
    components = {
        kind: {
            name: member
            for name, member in members.items()
            if kind == "securitySchemes" or f"#/components/{kind}/{name}" in used
        }
        for kind, members in document.get("components", {}).items()
    }
    return {**document, "components": {kind: members for kind, members in components.items() if members}}


def to_yaml(document: Node) -> str:
    """The document as YAML, in its own order, text readable in every script."""
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def to_json(document: Node) -> str:
    """The document as indented JSON."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
