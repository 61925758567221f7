"""Reports of a verdict: each format is one function from the verdict to text."""

from collections.abc import Callable, Mapping
from typing import Final

from waldur_billing_mock.contracts.findings import Verdict
from waldur_billing_mock.contracts.reports import html, json_report, junit, markdown, sarif
from waldur_billing_mock.contracts.reports.words import redact
from waldur_billing_mock.contracts.settings import Settings, Unusable

FORMATS: Final[Mapping[str, Callable[[Verdict], str]]] = {
    "html": html.page,
    "json": json_report.text,
    "junit": junit.text,
    "markdown": markdown.text,
    "sarif": sarif.text,
}


def write(verdict: Verdict, settings: Settings) -> None:
    """Writes the reports that the settings ask for; no token is ever in them. Raises `Unusable`."""
    for name, path in settings.reports.items():
        text = redact(FORMATS[name](verdict), (settings.token, *settings.role_tokens.values()))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Unusable(f"The report {path} cannot be written: {error}.") from error
