"""*Follow this run*: a run that somebody else started gets a card here, and is followed to its end."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.bolt import Fault, Start
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends, starts
from tests.e2e.stage import Stage
from tests.waiting import eventually

SHORT = {"BOLT_BOT_LEASE_S": "1.5", "BOLT_BOT_API_TIMEOUT_S": "1"}
LONG_S = 40.0
FOLLOW = "Follow this run"


def person(stage: Stage, name: str) -> str:
    """How Slack writes a mention of a person."""
    return f"<@{stage.sandbox.workspace.user(name).id}>"


async def offered(stage: Stage, run_id: int, *, user: str = "ada", channel: str = "data-eng") -> None:
    """Ask for a run's status, and be offered to follow it."""
    before = len(stage.private(user))
    await stage.slash(f"status {run_id}", user=user, channel=channel)
    await stage.until(lambda: len(stage.private(user)) > before)
    assert FOLLOW in str(stage.private(user)[-1].blocks)


async def refused(stage: Stage, *, user: str = "ada") -> None:
    """Ask for a start that's refused because the schedule is already running."""
    await stage.slash(f"run {SLUG}", user=user)
    await stage.until(stage.told_privately("is already running as", user))


async def test_a_schedulers_run_is_followed_to_its_end(stage: Stage) -> None:
    """The card says who started the run and who follows it, and a failure mentions the follower in the thread."""
    add_schedule(stage)
    run = starts(stage, branch="dev")
    await stage.start_bot()
    await refused(stage)
    told = stage.private()[-1]
    assert f"run {run.id}" in told.text
    assert "by Bolt scheduler" in told.text
    assert "Nothing was started" in told.text
    await stage.until(lambda: stage.cards() == [])
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    (card,) = stage.cards()
    for words in (
        "Load the warehouse",
        "dev",
        "pull request 12",
        "by Bolt scheduler",
        f"followed by {person(stage, 'ada')}",
    ):
        assert words in card.text
    assert "started by" not in card.text
    assert "Cancel run" in str(card.blocks)
    ends(stage, run, "ERROR")
    await stage.until(stage.card_says("failed"))
    await stage.until(stage.replied("failed"))
    assert person(stage, "ada") in stage.replies()[0].text
    assert stage.started() == []
    assert len(stage.cards()) == 1


@pytest.mark.parametrize("text", [f"runs {SLUG}", f"status {SLUG}"])
async def test_a_run_is_followed_from_where_its_schedule_is_read(stage: Stage, text: str) -> None:
    """The card has the schedule's name, who started it and the branch."""
    add_schedule(stage)
    starts(stage, branch="dev")
    await stage.start_bot()
    await stage.slash(text)
    await stage.until(lambda: any(FOLLOW in str(one.blocks) for one in stage.private()))
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("*Load the warehouse* is running"))
    card = stage.cards()[-1].text
    assert "dev" in card
    assert "by Bolt scheduler · followed by" in card


@pytest.mark.parametrize("own", [True, False])
async def test_a_followed_run_is_run_again_only_where_its_commands_are_known(stage: Stage, *, own: bool) -> None:
    """A run that was given other commands in Bolt has no *Run again*, which would run the schedule's own."""
    add_schedule(stage)
    ends(stage, starts(stage), "ERROR")
    given = () if own else (("sleep 600", None), ("dbt run --select staging", None))
    run = stage.sandbox.bolt.start(SLUG, Start(commands=given), SCHEDULER)
    await stage.start_bot()
    await refused(stage)
    await stage.click(FOLLOW)
    first = "dbt run --select staging" if own else "sleep 600"
    await stage.until(lambda: any(first in str(card.blocks) for card in stage.cards()))
    ends(stage, run)
    await stage.until(stage.card_says("succeeded"))
    card = stage.cards()[-1]
    assert ("Run again" in str(card.blocks)) is own
    assert ("recovered after 1 failure" in card.text) is own


async def test_a_followed_run_is_cancelled_from_its_card(stage: Stage) -> None:
    """A followed run can be cancelled from its card like any other."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    await stage.click("Cancel run", user="grace")
    await stage.until(stage.card_says(f"was cancelled by {person(stage, 'grace')}"))
    await stage.until(stage.replied("was cancelled"))


async def test_two_clicks_make_one_card(stage: Stage) -> None:
    """Clicks by two people make one card; a click after it's posted gets a link to it."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    await offered(stage, run.id, user="grace")
    stage.sandbox.workspace.faults.add(SlackFault("slow", "chat.postMessage", delay_s=2))
    await stage.click(FOLLOW, times=3)
    await stage.click(FOLLOW, user="grace")
    await stage.until(stage.told_privately("already asked for it", "grace"))
    await stage.until(lambda: "followed " in stage.bots[-1].printed())
    await stage.click(FOLLOW, user="grace")
    await stage.until(stage.told_privately(f"Run {run.id} already has ", "grace"))
    assert "/archives/" in stage.private("grace")[-1].text
    assert len(stage.cards()) == 1
    await stage.slash(f"status {run.id}")
    await stage.until(lambda: len(stage.private()) == 2)
    assert FOLLOW not in str(stage.private()[-1].blocks)


async def test_a_run_that_is_over_is_not_followed(stage: Stage) -> None:
    """A click on a run that has ended is answered with its outcome and a link, and no card is posted."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    ends(stage, run, "ERROR")
    await stage.click(FOLLOW)
    await stage.until(stage.told_privately("has already failed, so there's nothing to follow"))
    assert f"/run_id/{run.id}" in stage.private()[-1].text
    assert stage.cards() == []


async def test_each_channel_has_a_card_and_a_thread(stage: Stage) -> None:
    """A run followed in two channels has a card and one announcement in each; each card names its own follower."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    await offered(stage, run.id, user="grace", channel="analytics")
    await stage.click(FOLLOW, user="grace", channel="analytics")
    await stage.until(stage.card_says("is running", "analytics"))
    assert f"followed by {person(stage, 'ada')}" in stage.cards()[-1].text
    assert f"followed by {person(stage, 'grace')}" in stage.cards("analytics")[-1].text
    ends(stage, run)
    for channel in ("data-eng", "analytics"):
        await stage.until(stage.replied("succeeded", channel))
        await stage.until(stage.card_says("succeeded", channel))
        assert sum("succeeded" in card.text for card in stage.cards(channel)) == 1
        assert len(stage.replies(channel)) == 1


async def test_a_run_of_ours_is_followed_elsewhere(stage: Stage) -> None:
    """A run that the bot started can be followed in another channel, and that card says who started it."""
    add_schedule(stage)
    await stage.start_bot()
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    (run,) = stage.started()
    await offered(stage, run.id, user="grace", channel="analytics")
    await stage.click(FOLLOW, user="grace", channel="analytics")
    await stage.until(stage.card_says(f"started by {person(stage, 'ada')}", "analytics"))
    assert "followed by" not in stage.cards()[-1].text
    ends(stage, run)
    for channel in ("data-eng", "analytics"):
        await stage.until(stage.replied("succeeded", channel))


async def test_a_channel_that_takes_no_card(stage: Stage) -> None:
    """If the bot can't post in the channel, the person is told how to invite it."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id, channel="finance")
    await stage.click(FOLLOW, channel="finance")
    await stage.until(stage.told_privately("Invite me with /invite"))
    assert stage.cards("finance") == []


async def test_bolt_away_for_a_moment(stage: Stage) -> None:
    """A click isn't lost if Bolt is away for a moment."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await offered(stage, run.id)
    stage.sandbox.bolt.add_fault(Fault("away", count=6))
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)


@pytest.mark.parametrize("ended", [False, True])
async def test_killed_between_the_card_and_its_record(stage: Stage, *, ended: bool) -> None:
    """A card whose confirmation was lost with the process is found, and its run is followed to its end."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await offered(stage, run.id)
    stage.sandbox.workspace.faults.add(SlackFault("drop_after", "chat.postMessage"))
    await stage.click(FOLLOW)
    await stage.until(lambda: len(stage.cards()) == 1)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    if ended:
        ends(stage, run)
    await stage.start_bot(SHORT)
    if not ended:
        ends(stage, run)
    await stage.until(stage.replied("succeeded"), timeout_s=LONG_S)
    await stage.until(stage.card_says("succeeded"), timeout_s=LONG_S)
    assert len(stage.cards()) == 1
    assert len(stage.replies()) == 1


async def test_killed_before_its_card(stage: Stage) -> None:
    """An acknowledged click gets its card after the restart."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await offered(stage, run.id)
    stage.sandbox.bolt.add_fault(Fault("timeout", operation="boltRunStatus", count=None))
    await stage.click(FOLLOW)
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.bolt.faults.clear()
    await stage.start_bot(SHORT)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)


async def test_killed_before_it_is_told_that_the_run_is_over(stage: Stage) -> None:
    """An acknowledged click is answered after the restart, even if the bot already knew that the run was over."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await offered(stage, run.id)
    await offered(stage, run.id, user="grace", channel="analytics")
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    ends(stage, run)
    await stage.until(stage.card_says("succeeded"))
    stage.sandbox.workspace.faults.add(SlackFault("drop_before", "*", count=None))
    stage.sandbox.workspace.faults.add(SlackFault("drop_before", "response_url", count=None))
    await stage.click(FOLLOW, user="grace", channel="analytics")
    stage.bots[-1].kill()
    await stage.bots[-1].ended()
    stage.sandbox.workspace.faults.clear()
    await stage.start_bot(SHORT)
    await stage.until(stage.told_privately("there's nothing to follow", "grace"), timeout_s=LONG_S)
    assert stage.cards("analytics") == []


async def test_a_deleted_card_gives_its_place_to_a_new_one(stage: Stage) -> None:
    """After Slack has reported that the card is gone, a click posts a new one."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    stage.sandbox.workspace.delete(stage.cards()[-1])
    # Something that changes the card and leaves the run as it is.
    stage.sandbox.bolt.add_fault(Fault("graphql_error", operation="cancelBoltRun", count=None))
    await stage.slash(f"cancel {run.id}", user="grace")
    await stage.until(lambda: "can't be edited anymore" in stage.bots[-1].printed())

    # The deletion is recorded a moment after it's logged.
    async def clicked() -> list[Any]:
        await stage.click(FOLLOW)
        return stage.cards()

    await eventually("another card", clicked, every_s=0.5)
    await stage.until(stage.card_says("is running"))
    ends(stage, run)
    await stage.until(stage.replied("succeeded"))


async def test_a_lost_start_is_found_although_its_run_is_followed(stage: Stage) -> None:
    """If somebody follows the run of a start whose reply was lost, the start is settled, and one reply announces it."""
    add_schedule(stage)
    await stage.start_bot({"BOLT_BOT_API_TIMEOUT_S": "1"})
    bolt = stage.sandbox.bolt
    bolt.add_fault(Fault("timeout", operation="triggerBoltRun", executes=True, hold_s=None))
    await stage.slash(f"run {SLUG}")
    await stage.until(lambda: bool(stage.started()))
    (run,) = stage.started()
    bolt.add_fault(Fault("status", operation="listBoltRuns", count=None))
    await stage.slash(f"status {run.id}", user="grace")
    await stage.until(lambda: any(FOLLOW in str(one.blocks) for one in stage.private("grace")))
    await stage.click(FOLLOW, user="grace")
    await stage.until(stage.card_says("followed by"))
    bolt.faults.clear()
    await stage.until(stage.card_says("it already has a card"), timeout_s=LONG_S)
    await stage.until(stage.card_says(f"started by {person(stage, 'ada')}"), timeout_s=LONG_S)
    ends(stage, run)
    await stage.until(stage.replied("succeeded"))
    assert sum(one.is_reply for one in stage.sandbox.workspace.channel("data-eng").messages.values()) == 1
