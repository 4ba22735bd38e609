"""The terminal's prompt, with a workspace that no app is connected to."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest

from bolt_sandbox.driver import HELP, Driver, Screen
from bolt_sandbox.slack import People
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.model import Change, View
from tests.waiting import PATIENCE_S
from tests.worlds import new_workspace

BUTTON: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [{"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go on"}}],
    }
]


class Stage:
    """A workspace with a driver and a screen, and what they printed."""

    def __init__(self) -> None:
        self.ws = new_workspace()
        self.printed: list[str] = []
        self.driver = Driver(self.ws, People(self.ws, Delivery(self.ws)), self.printed.append)
        self.ws.listeners.append(Screen(self.ws, self.printed.append).show)

    @property
    def text(self) -> str:
        """Everything that was printed."""
        return "\n".join(self.printed)


@pytest.fixture
def stage() -> Stage:
    """A stage."""
    return Stage()


async def test_a_command(stage: Stage) -> None:
    """A line with a slash is a command; Slack's private answer is marked as private."""
    assert await stage.driver.do("/bolt run nightly")
    assert "Only visible to you (@ada)" in stage.text
    assert "dispatch_failed" in stage.text


async def test_who_and_where(stage: Stage) -> None:
    """`as` and `in` change who writes and where."""
    for line in ("as grace", "in #finance", "say hello there"):
        await stage.driver.do(line)
    assert "#finance  @grace\n  hello there" in stage.text


async def test_a_card_is_printed_again_when_it_changes(stage: Stage) -> None:
    """Visible edits are printed, invisible ones aren't, and replies are indented."""
    channel = stage.ws.channel("data-eng")
    card = stage.ws.post(channel, stage.ws.bot, "running")
    stage.ws.edit(card, "running", [], mark=False)
    assert len(stage.printed) == 1
    stage.ws.edit(card, "done", [], mark=False)
    stage.ws.post(channel, stage.ws.bot, "told", thread_ts=card.ts)
    assert "@bolt  (changed)\n  done" in stage.printed[1]
    assert "↳ @bolt\n" in stage.printed[2]
    await stage.driver.do("thread")
    assert len(stage.printed) == 5


async def test_a_click(stage: Stage) -> None:
    """`click` finds the newest button by its label, in any case."""
    stage.ws.post(stage.ws.channel("data-eng"), stage.ws.bot, "card", blocks=BUTTON)
    await stage.driver.do("click go on")
    assert "The button failed" in stage.text


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("help", HELP),
        ("what", HELP),
        ("click Nothing", "Slack refused: action_not_found"),
        ("as nobody", "Slack refused: user_not_found"),
        ("in #nowhere", "Slack refused: channel_not_found"),
        ("thread", "There's no thread here yet."),
    ],
)
async def test_mistakes(stage: Stage, line: str, words: str) -> None:
    """A mistake gets a one-line answer, and the prompt comes back."""
    assert await stage.driver.do(line)
    assert words in stage.text


async def test_lines_from_a_descriptor(stage: Stage) -> None:
    """Lines are carried out as they arrive, even if several arrive at once, until `quit` or the end of the input."""
    for ending in (b"say two\nquit\nsay three\n", b"say two\n"):
        stage.printed.clear()
        reading, writing = os.pipe()
        typed = asyncio.create_task(stage.driver.read_terminal(reading))
        os.write(writing, b"say one\n" + ending)
        os.close(writing)
        assert await asyncio.wait_for(typed, PATIENCE_S) == 0
        os.close(reading)
        assert [each.splitlines()[-1].strip() for each in stage.printed] == ["one", "two"]


async def test_a_modal_is_told_of(stage: Stage) -> None:
    """An opened modal is mentioned once, however often it changes, because it's filled in in the browser."""
    view = View("V1", "U0ADA", "modal", {"title": {"text": "Start a run"}, "blocks": []}, "h", "V1")
    stage.ws.views[view.id] = view
    for _change in range(3):
        stage.ws.tell(Change("view", "", view.id, view.user))
    stage.ws.views["V2"] = View("V2", "U0ADA", "home", {"blocks": []}, "h", "V2")
    stage.ws.tell(Change("view", "", "V2", view.user))
    assert stage.text == '\n"Start a run" is open in the browser, for @ada.'
