"""The report in the terminal."""

from waldur_billing_mock.contracts.reports import terminal
from waldur_billing_mock.contracts.reports.report import Report, ReportedFinding, ReportedResult


def test_a_note_may_name_a_path_with_a_parameter() -> None:
    what = "GET /api/invoices/{uuid}/stats/ finds no statistics of what a filter leaves out"
    finding = ReportedFinding("note", what, "/paths/~1api~1invoices~1{uuid}~1stats~1/get")
    result = ReportedResult(
        "invariants/filters", "invariants", "A requirement.", "invoices_stats_list", "note", findings=(finding,)
    )
    report = Report("http://a.example", "8.1.3", "", "documented", "quick", 1, "", "1", "", 1, 1.0, (result,))

    assert f"note: {what}" in " ".join(terminal.summary(report).split())
