"""The demo's parts: the bot's environment, the bot as a child, and the tour."""

from __future__ import annotations

from pathlib import Path

import pytest

from bolt_sandbox.bolt.catalog import opening_schedules
from bolt_sandbox.bolt.lively import lively_schedules
from bolt_sandbox.demo import bot_environment, take_tour
from bolt_sandbox.driver import Driver
from bolt_sandbox.slack import People
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.model import Change
from tests.worlds import new_workspace


def test_the_bots_environment(tmp_path: Path) -> None:
    """No setting for a real workspace, API or proxy reaches the demo's bot."""
    ours = {
        "PATH": "/bin",
        "SLACK_BOT_TOKEN": "real",
        "PARADIME_WEBHOOK_SECRET": "real",
        "REDIS_URL": "redis://real",
        "HTTPS_PROXY": "http://proxy",
        "BOLT_BOT_LOG_LEVEL": "debug",
    }
    made = bot_environment(ours, {"SLACK_BOT_TOKEN": "sandbox"}, tmp_path)
    assert "real" not in "".join(made.values())
    assert "HTTPS_PROXY" not in made
    assert made["BOLT_BOT_LOG_LEVEL"] == "debug"
    assert made["BOLT_BOT_HTTP_PORT"] == "0"
    assert made["BOLT_BOT_DATA_DIR"] == str(tmp_path)


def test_the_owners_of_its_schedules_are_people_in_its_slack() -> None:
    """The owners can be mentioned, except one mailbox, so that a watch shows an owner who isn't found."""
    people = {user.email for user in new_workspace().users.values()}
    schedules = (*opening_schedules(), *(one.schedule for one in lively_schedules()))
    assert {one.owner for one in schedules if one.owner} - people == {"finance@acme-data.example"}


@pytest.mark.parametrize(("fails", "status"), [("failed", 0), ("succeeded", 1)])
async def test_the_tour(fails: str, status: int) -> None:
    """The tour succeeds if one run succeeded and the other failed, each with a reply in its thread."""
    ws = new_workspace()
    ends = {"/bolt run nightly": "succeeded", "/bolt run hourly": fails}
    printed: list[str] = []

    def answer(change: Change) -> None:
        """Stand in for the bot: for each command's private reply, post a card that says how the run ended."""
        private = ws.private(change.ts)
        if private is None or change.kind != "private":
            return
        channel = ws.channel("data-eng")
        word = ends["/bolt run nightly" if not channel.messages else "/bolt run hourly"]
        card = ws.post(channel, ws.bot, f"It {word}")
        ws.post(channel, ws.bot, "told", thread_ts=card.ts)

    ws.listeners.append(answer)
    driver = Driver(ws, People(ws, Delivery(ws)), printed.append)
    assert await take_tour(ws, driver, step_s=0.2) == status
