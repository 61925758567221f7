"""Reports of a run: each format is one function from a `Report` to text."""

from collections.abc import Callable, Mapping
from typing import Final

from waldur_billing_mock.contracts.redaction import Redactor
from waldur_billing_mock.contracts.reports import html, junit, markdown, sarif
from waldur_billing_mock.contracts.reports.report import Report, read, report_of
from waldur_billing_mock.contracts.settings import Settings, Unusable

FORMATS: Final[Mapping[str, Callable[[Report], str]]] = {
    "html": html.page,
    "json": Report.to_json,
    "junit": junit.text,
    "markdown": markdown.text,
    "sarif": sarif.text,
}

__all__ = ["FORMATS", "Report", "read", "report_of", "write"]


def write(report: Report, settings: Settings, redact: Redactor) -> None:
    """Writes the reports that the settings ask for; no token is ever in them. Raises `Unusable`."""
    texts = {path: FORMATS[name](report) for name, path in settings.reports.items()}
    if settings.tickets is not None:
        texts |= {settings.tickets / name: text for name, text in markdown.tickets(report).items()}
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(redact(text), encoding="utf-8")
        except OSError as error:
            raise Unusable(f"The report {path} cannot be written: {error}.") from error
