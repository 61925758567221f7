"""The clock, snapshots, reset, scenarios and sessions, by buttons."""

from tests.asgi import Api
from tests.operations.figures import INVOICE
from tests.pages.forms import follow, page, send_form
from waldur_billing_mock.mock_server.world_file import dump


def test_a_month_goes_by_and_the_page_shows_what_changed(november: Api) -> None:
    text = follow(november, send_form(november, "/_mock/ui/time/move", by="month"))

    assert november.world.now.isoformat() == "2026-01-05T09:00:00+00:00"
    assert "What changed" in text
    assert '<span class="diff-added">' in text
    assert "month closed" in text


def test_the_clock_is_set_to_a_day_and_refuses_one_that_is_too_far(november: Api) -> None:
    follow(november, send_form(november, "/_mock/ui/time/move", to="2026-02-10"))
    assert november.world.now.date().isoformat() == "2026-02-10"

    text = follow(november, send_form(november, "/_mock/ui/time/move", to="2999-01-01"))

    assert "at most 120 months" in text
    assert november.world.now.date().isoformat() == "2026-02-10"


def test_a_snapshot_is_taken_compared_and_restored(november: Api) -> None:
    before = dump(november.world)
    assert "The snapshot start is taken." in follow(november, send_form(november, "/_mock/ui/time/take", name="start"))
    follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/paid"))

    compared = page(november, "/_mock/ui/time/compare?name=start")
    restored = follow(november, send_form(november, "/_mock/ui/time/restore", name="start"))
    dropped = follow(november, send_form(november, "/_mock/ui/time/drop", name="start"))

    assert "diff-changed" in compared
    assert "The world is that of the snapshot start." in restored
    assert dump(november.world) == before
    assert "Take one before a test" in dropped


def test_a_name_that_no_snapshot_can_have_is_refused(november: Api) -> None:
    for name in ("", "<b>", "a/b"):
        assert 'class="notice failed"' in follow(november, send_form(november, "/_mock/ui/time/take", name=name))


def test_a_reset_and_another_world(november: Api) -> None:
    before = dump(november.world)
    follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/paid"))

    assert "as it was in the beginning" in follow(november, send_form(november, "/_mock/ui/time/reset"))
    assert dump(november.world) == before

    assert "not a valid choice" in follow(november, send_form(november, "/_mock/ui/time/reseed", scenario="nothing"))
    assert dump(november.world) == before


def test_a_session_is_a_copy_in_which_all_links_stay(november: Api) -> None:
    follow(november, send_form(november, "/_mock/ui/time/session", id="copy"))

    inside = page(november, "/_mock/ui/invoices?mock_session=copy")
    follow(november, send_form(november, f"/_mock/ui/invoices/{INVOICE}/paid?mock_session=copy"))

    assert f"/_mock/ui/invoices/{INVOICE}?mock_session=copy" in inside
    assert november.world.invoices.one(INVOICE).state == "created"
    assert "state-paid" in page(november, f"/_mock/ui/invoices/{INVOICE}?mock_session=copy")
    ended = follow(november, send_form(november, "/_mock/ui/time/end", id="copy"))
    assert "The session copy is dropped." in ended


def test_a_session_that_cannot_be_is_refused_on_a_page(november: Api) -> None:
    reply = november.send("GET", "/_mock/ui/time?mock_session=%3Cb%3E", None, {})

    assert reply.status == 400
    assert "<b>&lt;" not in reply.text
