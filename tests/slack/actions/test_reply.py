"""A click is handled, acknowledged and answered privately, in this order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bot.core.model.errors import BadCommand
from bot.core.model.run import Run, RunKey
from bot.core.text.message import Message
from bot.core.views.buttons import run_value
from bot.slack.actions.reply import Click, reply_to_click, run_of_click
from bot.slack.listener_context import Call, ListenerContext

BODY = {"user": {"id": "U1", "name": "ada"}, "channel": {"id": "C1"}, "container": {"message_ts": "1.5"}}


class Clicked:
    """The effects of a click, in order."""

    def __init__(self) -> None:
        self.done: list[object] = []
        self.context: Any = SimpleNamespace(
            me=SimpleNamespace(team="T"), workspace="w1", tell=lambda _asker, answer: answer, later=self._later
        )

    async def click(
        self, handle: Callable[[ListenerContext, Call, Click], Awaitable[Message | None]], value: str | None = "v"
    ) -> list[object]:
        """Click a button."""
        app: Any = SimpleNamespace(action=lambda _id: lambda listener: setattr(self, "listener", listener))
        reply_to_click(app, self.context, "button", handle)
        await vars(self)["listener"](self._ack, BODY, {"action_id": "button", "value": value})
        return self.done

    async def _ack(self) -> None:
        self.done.append("acknowledged")

    def _later(self, answer: Message, asker: object) -> None:
        self.done += [answer, asker]


async def test_an_answer_follows_the_acknowledgement() -> None:
    """The click is handled first, then acknowledged, then answered."""
    clicked = Clicked()

    async def handle(_context: ListenerContext, call: Call, click: Click) -> Message:
        clicked.done += [call.user_name, click]
        return Message(("Done.",))

    name, click, acknowledged, answer, asker = await clicked.click(handle)
    assert (name, click, acknowledged) == ("ada", Click("v", "button", "1.5"), "acknowledged")
    assert answer == Message(("Done.",))
    assert (getattr(asker, "team", ""), getattr(asker, "user", "")) == ("T", "U1")


async def test_no_answer_is_told_if_there_is_none() -> None:
    """Without a reply, a click is only acknowledged, because the card shows what was done."""

    async def handle(_context: ListenerContext, _call: Call, _click: Click) -> None:
        return None

    assert await Clicked().click(handle) == ["acknowledged"]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (run_value(Run(RunKey("w1", 5))), "run 5"),
        (run_value(Run(RunKey("w2", 5))), "Open it there."),
        ("nonsense", None),
        (None, None),
    ],
)
async def test_the_run_of_a_button(value: str | None, sentence: str | None) -> None:
    """A button for another workspace's run, or with an unreadable value, gets a one-sentence answer."""

    async def handle(context: ListenerContext, _call: Call, click: Click) -> Message:
        return Message((f"run {run_of_click(context, click, 'Open it there.').key.id}",))

    acknowledged, answer, _asker = await Clicked().click(handle, value)
    assert acknowledged == "acknowledged"
    with pytest.raises(BadCommand) as unreadable:
        run_of_click(Clicked().context, Click("nonsense", "", ""), "")
    assert answer == Message((sentence or unreadable.value.sentence,))
