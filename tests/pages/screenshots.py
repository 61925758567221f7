"""`make screenshots`: the pictures of pages that the README and the documentation show, small and in both themes.

Arguments are the names of those to take; without any, all are taken.
"""

import re
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tests.pages.browser import Scheme, launched, visiting
from tests.serving import ROOT, Mock, serving

FOLDER: Final = ROOT / "docs" / "images"
MOST_BYTES: Final = 100_000
WIDTH, HEIGHT, PHONE = 1120, 620, 390

PICTURES: Final[tuple[tuple[str, str, Scheme, int], ...]] = (
    ("start", "/_mock/", "light", WIDTH),
    ("start-dark", "/_mock/", "dark", WIDTH),
    ("invoice", "{invoice}", "light", WIDTH),
    ("invoice-phone", "{invoice}", "dark", PHONE),
    ("money", "/_mock/ui/money", "light", WIDTH),
    ("money-dark", "/_mock/ui/money", "dark", WIDTH),
    ("traffic", "/_mock/ui/traffic", "light", WIDTH),
    ("time-machine", "/_mock/ui/time", "light", WIDTH),
    ("make", "/_mock/ui/make", "dark", WIDTH),
    ("reference", "/_mock/ui/reference", "light", WIDTH),
)
"""The name of each file, the page, the theme, and the width in pixels."""


def prepare(mock: Mock) -> str:
    """Some traffic, and the address of the page of an invoice that can be paid."""
    for role in ("owner", "support", "staff"):
        token = mock.token(role)
        for path in ("/api/invoices/?state=created", "/api/invoice-items/?page_size=5", "/api/invoices/growth/"):
            mock.ask("GET", path, token)
    listed = mock.ask("GET", "/_mock/ui/invoices?state=created").body.decode()
    found: list[str] = re.findall(r"/_mock/ui/invoices/[0-9a-f]{32}", listed)
    return found[3]


def take(folder: Path, names: Collection[str]) -> list[Path]:
    """Write the pictures of these names (none: all), and return their files. Raises `ValueError` for a large one."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    with serving("--quiet") as mock, launched() as browser:
        invoice = prepare(mock)
        for name, path, scheme, width in [one for one in PICTURES if not names or one[0] in names]:
            with visiting(browser, mock.url, scheme, width) as visit:
                visit.page.set_viewport_size({"width": width, "height": HEIGHT})
                visit.page.goto(path.replace("{invoice}", invoice))
                if name == "reference":
                    visit.page.locator("#operations-invoices-invoices_list .opblock-summary-control").click()
                    visit.page.evaluate("document.querySelector('#operations-invoices-invoices_list').scrollIntoView()")
                if name == "time-machine":
                    visit.page.get_by_role("button", name="One month", exact=True).click()
                    visit.page.get_by_role("heading", name="What changed").wait_for()
                file = folder / f"{name}.png"
                visit.page.screenshot(path=file, animations="disabled")
                found.append(file)
    for file in found:
        if file.stat().st_size > MOST_BYTES:
            raise ValueError(f"{file} has {file.stat().st_size:,} bytes; the limit is {MOST_BYTES:,}.")
    return found


if __name__ == "__main__":
    for written in take(FOLDER, sys.argv[1:]):
        print(written.relative_to(ROOT))
