"""Faults carry what the web layer prints."""

from __future__ import annotations

from waldur_billing_mock.mock_server.billing.faults import NotFound


def test_a_missing_row_may_be_named_with_its_hyphenated_uuid() -> None:
    fault = NotFound.with_uuid("Project", "a1b2c3d4e5f67890abcdef1234567890")

    assert fault.message == "Project with UUID a1b2c3d4-e5f6-7890-abcd-ef1234567890 not found." == str(fault)


def test_a_missing_row_is_otherwise_named_by_its_model() -> None:
    fault = NotFound("Invoice")

    assert (fault.model, fault.message, str(fault)) == ("Invoice", None, "Invoice")
