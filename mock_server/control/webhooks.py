"""Delivers events to addresses: signed, repeated on failure, and written into the journal."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from waldur_billing_mock.mock_server.control.budget import too_many
from waldur_billing_mock.mock_server.control.events import Event, Events
from waldur_billing_mock.mock_server.control.journal import Journal

FIRST_PAUSE: Final = 0.2
SECONDS_TO_ANSWER: Final = 5.0

Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[int]]
"""Sends a body to an address with headers, and returns the status. Raises `OSError` where nobody answers."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Who is called, for which events (None: all), and how often it is tried."""

    id: int
    url: str
    secret: str | None = field(repr=False)
    events: frozenset[str] | None
    attempts: int

    def shown(self) -> dict[str, Any]:
        events = None if self.events is None else sorted(self.events)
        return {
            "id": self.id,
            "url": self.url,
            "signed": self.secret is not None,
            "events": events,
            "attempts": self.attempts,
        }


class Webhooks:
    """The webhooks of one session, `most` of them at most. `now` returns the time of day, which signatures contain."""

    def __init__(self, events: Events, journal: Journal, now: Callable[[], datetime], post: Post, most: int) -> None:
        self._hooks: list[Webhook] = []
        self._journal: Final = journal
        self._now: Final = now
        self._post: Final = post
        self._most: Final = most
        self._last_id = 0
        self._deliveries: set[asyncio.Task[None]] = set()
        events.listen(self._send)

    def shown(self) -> list[dict[str, Any]]:
        return [hook.shown() for hook in self._hooks]

    def add(self, said: Mapping[str, Any]) -> Webhook:
        """Raises `Problem` 503 where there are too many."""
        if len(self._hooks) >= self._most:
            raise too_many(self._most, "webhooks", "Remove one (DELETE /_mock/webhooks/{id})", "--max-webhooks")
        self._last_id += 1
        events = frozenset(said["events"]) if "events" in said else None
        hook = Webhook(self._last_id, said["url"], said.get("secret"), events, said.get("attempts", 4))
        self._hooks.append(hook)
        return hook

    def remove(self, id: int) -> bool:
        """Remove one; False where there is none with the id."""
        kept = [hook for hook in self._hooks if hook.id != id]
        removed = len(kept) < len(self._hooks)
        self._hooks = kept
        return removed

    def clear(self) -> None:
        self._hooks = []

    def _send(self, event: Event) -> None:
        for hook in self._hooks:
            if hook.events is None or event.type in hook.events:
                task = asyncio.get_running_loop().create_task(self._deliver(hook, event))
                self._deliveries.add(task)
                task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, hook: Webhook, event: Event) -> None:
        body = json.dumps(event.shown(), ensure_ascii=False).encode()
        for attempt in range(1, hook.attempts + 1):
            headers = {
                "Content-Type": "application/json",
                "X-Mock-Event": event.type,
                "X-Mock-Delivery": f"{event.session}-{event.id}",
            }
            if hook.secret is not None:
                headers["X-Mock-Signature"] = signature(hook.secret, int(self._now().timestamp()), body)
            try:
                status = await asyncio.wait_for(self._post(hook.url, body, headers), SECONDS_TO_ANSWER)
                outcome = str(status)
            except (OSError, TimeoutError) as error:
                status, outcome = 0, f"{type(error).__name__}: {error}".rstrip(": ")
            self._journal.deliver(self._now(), hook.url, event.shown(), attempt, outcome)
            if 200 <= status < 300 or hook not in self._hooks:
                return
            if attempt < hook.attempts:
                await asyncio.sleep(FIRST_PAUSE * 2 ** (attempt - 1))


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The header that proves who sent a body and when: HMAC-SHA256 of `<seconds>.<body>`."""
    digest = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


async def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """`Post` over the network, without following redirects or reading the environment."""
    import httpx  # loaded with the first webhook

    async with httpx.AsyncClient(timeout=SECONDS_TO_ANSWER, trust_env=False) as client:
        try:
            return (await client.post(url, content=body, headers=dict(headers))).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"{type(error).__name__} {error}".strip()) from error
