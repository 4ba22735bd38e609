"""*Start another* repeats the start with everything that is known about it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from bot.core.model.command import RetryCommand
from bot.core.model.request import Origin, Request, StartPlan
from bot.core.model.run import CardRef, RunFacts
from bot.core.model.start import NewRequest
from bot.core.views.buttons import START_ANOTHER, request_value
from bot.slack.actions import start_another

ORIGIN = Origin(RunFacts(slug="nightly", asked_by="U1"), CardRef("C1", "1.5"))
EARLIER = Request(
    "q",
    "T",
    "C1",
    "U1",
    "ada",
    RetryCommand(every=False, schedule_text="nightly"),
    datetime(2026, 11, 23, tzinfo=UTC),
    plan=StartPlan("nightly", "Nightly", 90, parent_run=90),
    origin=ORIGIN,
)


class App:
    """An app that keeps the listener."""

    def action(self, name: str) -> Callable[[Any], None]:
        """Return a decorator that keeps the button's listener."""
        assert name == START_ANOTHER
        return lambda listener: setattr(self, "listener", listener)


async def test_what_a_cards_button_told_is_passed_on() -> None:
    """The facts from the card's button are passed on, and the same run is retried."""
    started: list[NewRequest] = []

    async def load(name: str) -> Request:
        assert name == "q"
        return EARLIER

    async def start(asked: NewRequest) -> None:
        started.append(asked)

    async def ack() -> None:
        return None

    app: Any = App()
    context: Any = SimpleNamespace(
        me=SimpleNamespace(team="T"),
        requests=SimpleNamespace(load_request=load),
        ask=SimpleNamespace(accept_start=start),
        later=lambda answer, _asker: answer.close(),
    )
    start_another.register(app, context)
    body = {"team": {"id": "T"}, "user": {"id": "U1", "name": "ada"}, "channel": {"id": "C1"}, "container": {}}
    await app.listener(ack, body, {"value": request_value("q")})
    (asked,) = started
    assert asked.origin == ORIGIN
    assert asked.start_command == RetryCommand(every=False, run_id=90)
    assert (asked.channel, asked.force, asked.direct) == ("C1", True, False)
