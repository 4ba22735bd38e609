"""The chart of a schedule's history, in the channel where it was asked for."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image

from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage


def pictures(stage: Stage, channel: str = "data-eng") -> list[Any]:
    """The files that the bot has posted in a channel."""
    return [stage.sandbox.workspace.files[each] for message in stage.cards(channel) for each in message.files]


async def test_a_history_is_posted_as_a_picture_that_is_told_in_words(stage: Stage) -> None:
    """A history is posted once in the channel, with alternative text and a sentence that say the same thing."""
    await stage.start_bot()
    await stage.slash("history hourly", times=3)
    await stage.until(lambda: len(pictures(stage)) == 1, timeout_s=30)
    (picture,) = pictures(stage)
    assert Image.open(io.BytesIO(picture.content)).size == (1280, 960)
    words = "the last 24 runs that ended: 20 succeeded, 3 failed, 1 cancelled; success rate 87% (not counting those"
    assert words in picture.alt_text
    assert "(p95)" in picture.alt_text
    assert words in stage.cards()[-1].text
    assert picture.title == "History of Hourly orders"
    await stage.slash("history hourly --runs 3")
    await stage.until(lambda: len(pictures(stage)) == 2, timeout_s=30)
    assert "the last 3 runs that ended" in pictures(stage)[-1].alt_text
    assert len(pictures(stage)) == 2


async def test_a_public_channel_is_joined_for_it(stage: Stage) -> None:
    """The bot joins a public channel to post a history there."""
    await stage.start_bot()
    await stage.slash("history hourly", channel="analytics")
    await stage.until(lambda: len(pictures(stage, "analytics")) == 1, timeout_s=30)


async def test_where_it_cannot_be_shown_the_person_gets_it_in_words(stage: Stage) -> None:
    """If the chart can't be posted, the person is told why; a channel without the bot gets the numbers in words."""
    await stage.start_bot()
    await stage.slash("history hourly", channel="finance")
    await stage.until(stage.told_privately("Invite me with /invite"), timeout_s=30)
    assert "20 succeeded, 3 failed" in stage.private()[-1].text
    stage.sandbox.workspace.faults.add(SlackFault("error", "files.getUploadURLExternal", code="file_uploads_disabled"))
    await stage.slash("history hourly --runs 5")
    await stage.until(stage.told_privately("Slack didn't accept the chart (file_uploads_disabled)"), timeout_s=30)
    assert pictures(stage) == []


async def test_a_lost_reply_is_looked_for(stage: Stage) -> None:
    """If the reply to an upload is lost, a posted chart isn't posted again; if it wasn't posted, the person is told."""
    await stage.start_bot({"BOLT_BOT_LEASE_S": "1.5"})
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "files.completeUploadExternal"))
    await stage.slash("history hourly")
    await stage.until(lambda: len(pictures(stage)) == 1, timeout_s=30)
    stage.sandbox.workspace.faults.add(SlackFault("http_500", "files.completeUploadExternal"))
    await stage.slash("history hourly --runs 4")
    await stage.until(stage.told_privately("didn't say whether it accepted the chart"), timeout_s=30)
    assert len(stage.private()) == 1
    assert len(pictures(stage)) == 1


async def test_too_little_history_is_said_so(stage: Stage) -> None:
    """With too few runs for a chart, the answer says so; a misspelled name gets a suggestion."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "🎉 تقرير", "odd one", own_character(["dbt run"])))
    await stage.start_bot()
    await stage.slash("history odd one")
    await stage.until(
        stage.told_privately("There's no chart of *🎉 تقرير* yet: no run has ended, and a chart needs at least 2.")
    )
    await stage.slash("history nigthly")
    await stage.until(stage.told_privately("Did you mean nightly"))
    await stage.click("History nightly")
    await stage.until(lambda: len(pictures(stage)) == 1, timeout_s=30)


async def test_a_mention_in_a_thread_gets_it_there(stage: Stage) -> None:
    """A history asked for in a thread is posted in that thread and nowhere else."""
    await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.card_says("succeeded in"))
    card = stage.cards()[-1]
    await stage.mention("history hourly", thread=card.ts)
    await stage.until(lambda: any(reply.files for reply in stage.replies()), timeout_s=30)
    assert pictures(stage) == []
