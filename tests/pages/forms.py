"""Sends forms of pages as a browser does."""

from urllib.parse import urlencode

from tests.asgi import Api, Reply
from tests.parity.client import HOST


def page(api: Api, target: str) -> str:
    """The text of a page."""
    reply = api.send("GET", target, None, {"Accept": "text/html"})
    assert reply.status == 200, target
    return reply.text


def send_form(api: Api, path: str, /, **fields: str) -> Reply:
    """The answer to a form of the pages, with the token of forms."""
    token = page(api, "/_mock/ui/faults").split('name="form_token" value="')[1].split('"')[0]
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://{HOST}"}
    return api.send("POST", path, None, headers, urlencode({"form_token": token, **fields}).encode())


def follow(api: Api, reply: Reply) -> str:
    """The page that a form leads to."""
    assert reply.status == 303, reply.text.split("<main")[-1][:1500]
    return api.send("GET", reply.headers["location"], None, {}).text
