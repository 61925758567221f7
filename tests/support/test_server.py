"""The server itself: settings, health, pictures, and preflights from other origins."""

from tests.asgi import application
from tests.support.neighbours import reads


def test_a_picture_is_no_json_and_needs_no_token() -> None:
    reply = application("default").get("/api/icons/sidebar_logo_mobile/", None)

    assert (reply.status, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert reply.text.startswith("<svg ")


def test_the_settings_have_what_a_front_end_cannot_start_without() -> None:
    settings = application("default").get("/api/configuration/", None).body

    assert settings["LANGUAGES"] == [["en", "English"]]
    assert settings["WALDUR_CORE"]["LANGUAGE_CHOICES"] == "en"
    assert settings["WALDUR_CORE"]["CURRENCY_NAME"] == "EUR "
    assert settings["USER_MANDATORY_FIELDS"] == []


def test_every_part_of_the_server_works() -> None:
    assert set(application("default").get("/health-check/", None).body.values()) == {"working"}


def test_a_public_address_takes_no_other_method() -> None:
    api = application("default")

    assert api.ask("DELETE", "/api/configuration/", None).status == 405
    assert api.ask("GET", "/api-auth/password/", None).status == 405
    assert api.ask("OPTIONS", "/api/configuration/", None).status == 200


def test_head_is_answered_wherever_get_is() -> None:
    api = application("default")

    for operation in reads():
        if "page" in operation.query and "{" not in operation.path:
            head, get = api.ask("HEAD", operation.path), api.get(operation.path)
            assert head.text == ""
            assert head.headers["x-result-count"] == get.headers["x-result-count"]


def test_pages_of_other_origins_may_ask_the_neighbours() -> None:
    reply = application("default").get("/api/customers/", "owner")

    assert reply.headers["access-control-allow-origin"] == "*"
    assert "X-Result-Count" in reply.headers["access-control-expose-headers"]
