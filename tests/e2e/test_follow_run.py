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
    """How Slack writes a person."""
    return f"<@{stage.sandbox.workspace.user(name).id}>"


async def offered(stage: Stage, run_id: int, *, user: str = "ada", channel: str = "data-eng") -> None:
    """Ask how a run stands, and be offered to follow it."""
    before = len(stage.private(user))
    await stage.slash(f"status {run_id}", user=user, channel=channel)
    await stage.until(lambda: len(stage.private(user)) > before)
    assert FOLLOW in str(stage.private(user)[-1].blocks)


async def refused(stage: Stage, *, user: str = "ada") -> None:
    """Ask for a start that is refused because the schedule runs."""
    await stage.slash(f"run {SLUG}", user=user)
    await stage.until(stage.told_privately("is already running as", user))


async def test_a_schedulers_run_is_followed_to_its_end(stage: Stage) -> None:
    """From the refusal: its card says whose it is and who follows, and its failure is told in the thread to the follower."""
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
    """One that was given others than its schedule's in Bolt offers nothing that would run the schedule's instead."""
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
    """As from any card."""
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
    """At the same moment, by two people, and again when the card is there: then its place is told."""
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
    """Said plainly with its outcome and a link, whether Bolt or the bot's own record tells it."""
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
    """Of one run; each names who follows it there, and tells its end."""
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
    """It is still said who started it."""
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
    """The person learns how to invite the bot."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id, channel="finance")
    await stage.click(FOLLOW, channel="finance")
    await stage.until(stage.told_privately("Invite me with /invite"))
    assert stage.cards("finance") == []


async def test_bolt_away_for_a_moment(stage: Stage) -> None:
    """The click is not lost."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot(SHORT)
    await offered(stage, run.id)
    stage.sandbox.bolt.add_fault(Fault("away", count=6))
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"), timeout_s=LONG_S)


@pytest.mark.parametrize("ended", [False, True])
async def test_killed_between_the_card_and_its_record(stage: Stage, *, ended: bool) -> None:
    """Slack has the card, its answer was lost with the process: it is found, and followed to its end."""
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
    """The click was acknowledged: its card comes after the restart."""
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
    """The click was acknowledged: its answer comes after the restart, also where the bot knew it at once."""
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
    """Once Slack has said that it is gone."""
    add_schedule(stage)
    run = starts(stage)
    await stage.start_bot()
    await offered(stage, run.id)
    await stage.click(FOLLOW)
    await stage.until(stage.card_says("is running"))
    stage.sandbox.workspace.delete(stage.cards()[-1])
    # A change that is to be seen on the card, and that leaves the run as it is.
    stage.sandbox.bolt.add_fault(Fault("graphql_error", operation="cancelBoltRun", count=None))
    await stage.slash(f"cancel {run.id}", user="grace")
    await stage.until(lambda: "can't be edited anymore" in stage.bots[-1].printed())

    # That it is gone is on record a moment after the log has it.
    async def clicked() -> list[Any]:
        await stage.click(FOLLOW)
        return stage.cards()

    await eventually("another card", clicked, every_s=0.5)
    await stage.until(stage.card_says("is running"))
    ends(stage, run)
    await stage.until(stage.replied("succeeded"))


async def test_a_lost_start_is_found_although_its_run_is_followed(stage: Stage) -> None:
    """Somebody follows the run before it is known to be a start's: that start is not unclear for it, and one card tells."""
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
