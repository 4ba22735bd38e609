"""`status` without arguments: what is running in a channel, and what is queued there."""

from __future__ import annotations

from bot.core.model.command import RunCommand
from bot.core.model.run import CardRef, Retried, Run, RunKey
from bot.core.model.run_index import IndexedRun
from bot.core.text.text import Link
from bot.flows.active_runs import SHOWN, ActiveRuns, listed_run, listed_starts
from tests.core.views.plain import said, shown
from tests.flows.stage import ADA, APP, CHANNEL, Stage, card_url
from tests.flows.test_start_queue import queued, refused


def active(stage: Stage) -> ActiveRuns:
    """The flow that answers."""
    return ActiveRuns(stage.indexes, stage.queue, app_url=APP, card_url=card_url)


async def test_runs_of_this_channel_are_listed_with_their_cards(start_stage: Stage) -> None:
    """Runs of other channels aren't listed."""
    here = await start_stage.start("r1")
    await start_stage.start("r2", RunCommand("hourly"), channel="C2")
    message = await active(start_stage).active_in_channel(CHANNEL, prefix="/bolt")
    assert "Nightly full build" in "\n".join(shown(message))
    assert "Hourly" not in "\n".join(shown(message))
    assert here.card is not None
    links = [span for block in message.blocks for span in getattr(block, "text", ()) if isinstance(span, Link)]
    assert card_url(here.card) in [link.url for link in links]


async def test_starts_that_wait_are_listed_too(start_stage: Stage) -> None:
    """A queued start is listed with the run it waits for."""
    await refused(start_stage)
    await queued(start_stage)
    message = await active(start_stage).active_in_channel(CHANNEL, prefix="/bolt")
    assert "Nightly full build" in said(message.text) + "\n".join(shown(message))


async def test_a_quiet_channel_says_so(start_stage: Stage) -> None:
    """The answer also names the command that shows other runs."""
    message = await active(start_stage).active_in_channel(CHANNEL, prefix="/bolt")
    assert "/bolt" in said(message.text)


async def test_many_runs_are_counted(start_stage: Stage) -> None:
    """The newest are listed; the answer gives their total number, and says how many aren't listed."""
    runs = [await start_stage.start(f"r{number}", user=f"U{number}") for number in range(SHOWN + 2)]
    message = await active(start_stage).active_in_channel(CHANNEL, prefix="/bolt")
    assert said(message.text).startswith(f"{SHOWN + 2} runs are active in this channel: ")
    assert shown(message)[-1] == "and 2 older ones not listed here."
    listed = [line.partition(" ·")[0] for line in shown(message) if line.startswith("Run ")]
    assert listed == [f"Run {one.run_id}" for one in runs[: -SHOWN - 1 : -1]]


def test_no_address_of_a_card_elsewhere_is_shown() -> None:
    """The reader may not be in that channel; a direct message isn't named either."""
    run = Run(RunKey("w", 7), retried=Retried(8, "U1", CardRef("C9", "1.5"), "https://slack.test/C9/1.5"))
    for card, channel in ((CardRef("C1", "1.5"), "C1"), (CardRef("D1", "1.5"), None), (None, None)):
        listed = listed_run(IndexedRun(run, card), card_url)
        assert listed.run.retried == Retried(8, "U1")
        assert listed.channel == channel


async def test_queued_starts_name_their_channel_unless_it_goes_without_saying(start_stage: Stage) -> None:
    """The channel is named only in a list that covers several channels."""
    await refused(start_stage)
    await queued(start_stage)
    waiting = await start_stage.queue.queued_of(ADA, most=5)
    (named,) = listed_starts(waiting, card_url).listed
    (bare,) = listed_starts(waiting, card_url, channel=False).listed
    assert (named.channel, bare.channel) == (CHANNEL, None)
