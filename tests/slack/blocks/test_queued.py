"""A followed run, a refused start and one that is queued, as Slack gets them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bolt_sandbox.slack.validate import check_blocks
from bot.core.model.command import RunCommand
from bot.core.model.request import BlockingRun, Request, RequestState, StartPlan
from bot.core.model.run import Observation, Run, RunFacts, RunKey
from bot.core.text.message import Message
from bot.core.views.already_running import already_running
from bot.core.views.card import request_card, run_card
from bot.slack.blocks.render import render

APP = "https://app.example"
LINK = "<https://app.example/bolt/run_id/4711|run 4711>"
WHEN = "<!date^1795443600^{time}|14:20 UTC>"
AT = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
# Foreign text: markup, 200 characters, another direction.
NAME = "<!here> *טעינה* & " + "x" * 200
RUNNING = BlockingRun(4711, "owner@example.com", AT, "dev", 12)
REQUEST = Request("abc", "T", "C", "U1", "ada", RunCommand("nightly"), AT, plan=StartPlan("nightly", NAME, 5))
QUEUED = replace(REQUEST, state=RequestState.QUEUED, queued_at=AT, behind=4711, ahead=1)
FOLLOWED = Run(
    RunKey("w", 4711),
    facts=RunFacts(slug="nightly", name=NAME, asked_at=AT, actor="Bolt <scheduler>", followed_by="U2"),
    seen=Observation("RUNNING"),
)
MESSAGES = {
    "waiting": request_card(QUEUED, APP),
    "taken out": request_card(replace(QUEUED, state=RequestState.CLOSED, dropped_by="U2"), APP),
    "refused": already_running(REQUEST, RUNNING, FOLLOWED.key, app_url=APP, card_url=None),
    "refused, its card is here": already_running(REQUEST, RUNNING, FOLLOWED.key, app_url=APP, card_url=f"{APP}/p1"),
    "followed": run_card(FOLLOWED, APP),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_slack_takes_them_whatever_the_names(name: str) -> None:
    """Such messages have at most four blocks, pass Slack's rules, and contain no markup from foreign text."""
    text, blocks = render(MESSAGES[name])
    check_blocks(blocks)
    assert len(blocks) <= 4
    # A button's spoken label and value aren't markup.
    marked = "\n".join([text, *lines(MESSAGES[name])])
    assert "<!here>" not in marked
    assert "Bolt <scheduler>" not in marked


def lines(message: Message) -> list[str]:
    """A message's blocks, one line each, with its buttons as [label → action]."""
    shown = []
    for block in render(message)[1]:
        if block["type"] == "actions":
            shown.append(" ".join(f"[{one['text']['text']} → {one['action_id']}]" for one in block["elements"]))
        else:
            text = block["text"] if block["type"] == "section" else block["elements"][0]
            shown.append(text["text"])
    return shown


def test_a_start_that_waits_as_slack_shows_it() -> None:
    """A queued start's card shows what it waits for, who asked, and a button to remove it."""
    plain = replace(QUEUED, plan=StartPlan("nightly", "Nightly", 5))
    assert lines(request_card(plain, APP)) == [
        f":vertical_traffic_light: *Nightly* is waiting for {LINK} to end, behind 1 earlier start",
        f"Requested by <@U1> at {WHEN}",
        "[Don't run → start.drop]",
    ]


def test_a_refused_start_as_slack_shows_it() -> None:
    """A refused start shows which run is in the way, since when and by whom, and two buttons."""
    plain = replace(REQUEST, plan=StartPlan("nightly", "Nightly", 5))
    assert lines(already_running(plain, RUNNING, FOLLOWED.key, app_url=APP, card_url=None)) == [
        f"*Nightly* is already running as {LINK}, started at {WHEN} by owner@example.com. Nothing was started.",
        "[Follow this run → run.watch] [Run when it ends → start.queue]",
    ]
