"""What values of an answer mean, whichever way they are written."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from waldur_billing_mock.contracts import values
from waldur_billing_mock.contracts.values import Malformed, Month

UUID = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
DIGITS = "a1b2c3d4e5f67890abcdef1234567890"


@pytest.mark.parametrize(
    ("month", "back", "expected"),
    [
        (Month(2026, 3), 0, Month(2026, 3)),
        (Month(2026, 3), 2, Month(2026, 1)),
        (Month(2026, 3), 3, Month(2025, 12)),
        (Month(2026, 1), 13, Month(2024, 12)),
        (Month(2026, 12), -1, Month(2027, 1)),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(month: Month, back: int, expected: Month) -> None:
    assert month.back(back) == expected


def test_a_month_is_written_with_two_digits() -> None:
    assert str(Month(2026, 3)) == "2026-03"


def test_fractions_of_a_body_are_exact() -> None:
    assert values.parse(b'{"price": 0.1}') == {"price": Decimal("0.1")}
    with pytest.raises(Malformed):
        values.parse(b"{")
    with pytest.raises(Malformed):
        values.parse(b"[" * 100_000)


@pytest.mark.parametrize(("value", "expected"), [(3, 3), ("2.50", Decimal("2.50")), (Decimal("-1.1"), Decimal("-1.1"))])
def test_a_number_may_be_text(value: object, expected: object) -> None:
    assert values.decimal(value) == expected


@pytest.mark.parametrize("value", [True, None, 1.5, "", "one", "NaN", "Infinity", [1]])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        values.decimal(value)


def test_sums_and_products_are_exact() -> None:
    large, small = Decimal(10) ** 50, Decimal("0.01")

    assert values.total([large, small, -large]) == small
    assert values.total([]) == 0
    assert values.product(Decimal("1.000000000000000001"), Decimal("1.000000000000000001")) == Decimal(
        "1.000000000000000002000000000000000001"
    )


@pytest.mark.parametrize(
    ("value", "away", "even", "up"),
    [
        ("0.001", "0.01", "0.00", "0.00"),
        ("-0.001", "-0.01", "0.00", "0.00"),
        ("0.025", "0.03", "0.02", "0.03"),
        ("-0.025", "-0.03", "-0.02", "-0.03"),
        ("0.035", "0.04", "0.04", "0.04"),
    ],
)
def test_money_is_rounded_in_three_ways(value: str, away: str, even: str, up: str) -> None:
    number = Decimal(value)

    assert values.away_from_zero(number) == Decimal(away)
    assert values.half_even(number) == Decimal(even)
    assert values.half_up(number) == Decimal(up)
    assert values.half_even(Decimal("0.25"), Decimal("0.1")) == Decimal("0.2")


@pytest.mark.parametrize("value", [UUID, DIGITS, f"https://waldur.example.org/api/invoices/{UUID}/", f"/x/{DIGITS}"])
def test_an_identifier_is_its_digits(value: str) -> None:
    assert values.identifier(value) == DIGITS
    assert values.optional_identifier(value) == DIGITS


@pytest.mark.parametrize("value", [5, None, "", "abc", UUID.upper(), f"{UUID}x", f"x{UUID}", f"/x/{UUID}/y/"])
def test_what_is_no_identifier_is_refused(value: object) -> None:
    assert not values.is_uuid(value)
    with pytest.raises(Malformed):
        values.identifier(value)


@pytest.mark.parametrize("value", [None, "", "0" * 32, "00000000-0000-0000-0000-000000000000"])
def test_nothing_has_no_identifier(value: object) -> None:
    assert values.optional_identifier(value) is None


def test_an_identifier_is_written_with_hyphens() -> None:
    assert values.hyphenated(DIGITS) == UUID
    assert values.is_uuid(UUID)
    assert values.is_uuid(DIGITS)


def test_rows_are_told_apart_by_what_they_have() -> None:
    assert values.identity_of({"uuid": UUID, "offering_name": "x"}) == DIGITS
    assert values.identity_of({"offering_name": "VM", "service_provider_uuid": DIGITS}) == f"VM of {DIGITS}"
    assert values.identity_of({"year": 2026, "month": 3}) == "2026-3"
    assert values.identity_of({}) == "-"
    with pytest.raises(Malformed):
        values.identity_of({"uuid": "abc"})


def test_instants_are_compared_in_utc() -> None:
    expected = datetime(2026, 3, 1, 9, tzinfo=UTC)

    assert values.instant("2026-03-01T09:00:00Z") == expected
    assert values.instant("2026-03-01T11:00:00+02:00") == expected
    assert values.instant("2026-03-01T11:00:00+02:00").tzinfo is UTC


@pytest.mark.parametrize("value", [5, "2026-03-01", "2026-03-01T09:00:00", "2026-03-01T09:00:00Zx"])
def test_an_instant_without_a_zone_is_refused(value: object) -> None:
    with pytest.raises(Malformed):
        values.instant(value)


def test_days_are_days_of_the_calendar() -> None:
    assert values.day("2028-02-29") == date(2028, 2, 29)
    for value in ("2026-02-29", "20260228", "2026-02-28T00:00:00Z", 5, None):
        with pytest.raises(Malformed):
            values.day(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (UUID, DIGITS),
        ("2026-03-01T09:00:00Z", "2026-03-01T10:00:00+01:00"),
        (Decimal("1.50"), "1.5"),
        (2, Decimal("2.00")),
        ("2.00", 2),
        (f"https://a.example/api/invoices/{UUID}/", f"http://b.example/api/invoices/{DIGITS}/"),
        ({"a": None, "b": 1, "c": "", "d": "0" * 32}, {"b": 1}),
        ([{"a": None}], [{}]),
    ],
)
def test_values_of_the_same_meaning_are_equal(one: Any, other: Any) -> None:
    assert values.plain(one) == values.plain(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (True, 1),
        ("1", 1),
        ("https://a.example/x/", "https://a.example/y/"),
        ("abc", "abd"),
        ({"a": 0}, {}),
        ({"a": False}, {}),
        ([1, 2], [2, 1]),
    ],
)
def test_values_of_another_meaning_differ(one: Any, other: Any) -> None:
    assert repr(values.plain(one)) != repr(values.plain(other))


def test_a_truth_value_is_no_number() -> None:
    assert values.plain(True) is True
    assert repr(values.plain(1)) == "Decimal('1')"


def test_a_link_is_its_path() -> None:
    assert values.plain_link(f"https://a.example/api/invoices/{UUID}/") == f"/api/invoices/{DIGITS}/"
    assert values.plain_link("https://a.example/api/invoices/") == "/api/invoices/"
    assert values.plain_link("https://a.example") == "/"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        (7, "an integer"),
        (Decimal("1.50"), "a number with 2 decimals"),
        (Decimal("1E+3"), "a number with 0 decimals"),
        (UUID, "a uuid with hyphens"),
        (DIGITS, "a uuid of 32 digits"),
        ("secret", "text of 6 characters"),
        ("", "blank text"),
        ({"name": "secret"}, {"name": "text of 6 characters"}),
        (["a", "bc"], ["text of 1 characters", "… 2 in all"]),
        (["a"], ["text of 1 characters"]),
        ([], []),
        (1.5, "float"),
    ],
)
def test_the_shape_of_a_value_does_not_show_it(value: object, expected: object) -> None:
    assert values.shape(value) == expected
