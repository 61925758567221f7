"""A hook of MkDocs: adds the generated pages, pages from other folders of the repository, and the navigation."""

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools import reference

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
ELSEWHERE: Final = {
    "ARCHITECTURE.md": "explanation/architecture.md",
    "CONTRIBUTING.md": "explanation/contributing.md",
    "SECURITY.md": "explanation/security.md",
    "CHANGELOG.md": "reference/changelog.md",
    "THIRD_PARTY_LICENSES.md": "reference/third-party-licenses.md",
    "contracts/GUIDE.md": "how-to/contract-suite.md",
    "mock_server/WORLD_FORMAT.md": "reference/world-files.md",
}
"""Pages for users that are outside of docs/, and where the site has them."""
_LINK: Final = re.compile(r"(?<!!)\[([^\]\n]+(?:\n[^\]\n]+)?)\]\((?!https?:|mailto:|#)([^)#\s]+)(#[^)\s]*)?\)")
_SECTIONS: Final = {
    "tutorial": "Tutorial",
    "how-to": "How-to",
    "reference": "Reference",
    "explanation": "Explanation",
}
_ORDER: Final = (
    "index",
    "first-answers",
    "first-test",
    "first-report",
    "waldur-mock",
    "waldur-mock-ctl",
    "waldur-contracts",
)


def added() -> dict[str, str]:
    """The pages that docs/ does not hold, by their path in the site."""
    found = {site: (ROOT / path).read_text(encoding="utf-8") for path, site in ELSEWHERE.items()}
    return {**found, **reference.pages()}


def navigation(paths: list[str]) -> list[Any]:
    """The sections of the site, with their pages in order: those that lead in first, then by name."""
    made: list[Any] = [{"Start": "index.md"}]
    for folder, title in _SECTIONS.items():
        inside = sorted((path for path in paths if _section(path) == folder), key=_rank)
        made.append({title: inside})
    return made


def with_links(markdown: str, site_path: str) -> str:
    """Links to files of the repository become links to pages of the site, or plain text where there is none."""
    source = next((path for path, site in ELSEWHERE.items() if site == site_path), f"docs/{site_path}")

    def replaced(match: re.Match[str]) -> str:
        text, target, anchor = match[1], match[2], match[3] or ""
        path = posixpath.normpath(posixpath.join(posixpath.dirname(source), target))
        if path in ELSEWHERE:
            return f"[{text}]({posixpath.relpath(ELSEWHERE[path], posixpath.dirname(site_path) or '.')}{anchor})"
        if path.startswith("docs/"):
            inside = path.removeprefix("docs/")
            return f"[{text}]({posixpath.relpath(inside, posixpath.dirname(site_path) or '.')}{anchor})"
        return text if text.startswith("`") else f"{text} (`{path}`)"

    return _LINK.sub(replaced, markdown)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages, then the navigation over all of them."""
    for path, text in added().items():
        files.append(File.generated(config, path, content=text))
    config.nav = navigation([file.src_uri for file in files.documentation_pages()])
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """The text of a page with the links of the site."""
    return with_links(markdown, page.file.src_uri)


def _section(path: str) -> str:
    folder = path.partition("/")[0]
    return "" if path == "index.md" else folder if folder in _SECTIONS else "explanation"


def _rank(path: str) -> tuple[int, str]:
    name = Path(path).stem
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)
