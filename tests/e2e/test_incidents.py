"""Incidents: a watched schedule fails, and people handle it with the buttons of its message."""

from __future__ import annotations

import asyncio

from bolt_sandbox.bolt import Start
from bolt_sandbox.bolt.model import Run
from bot.core.views.buttons import INCIDENT_SNOOZE, snooze_value
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends
from tests.e2e.stage import CHANNEL, PERSON, Stage
from tests.e2e.test_home import opened
from tests.e2e.test_policy import policy
from tests.e2e.test_watches import NOT_GRACE
from tests.waiting import eventually

OFTEN = {"BOLT_BOT_DISCOVER_S": "1"}


async def fails(stage: Stage, environment: dict[str, str] = OFTEN) -> Run:
    """Watch a schedule, and let a run of it that wasn't started from Slack fail."""
    add_schedule(stage)
    run = stage.sandbox.bolt.start(SLUG, Start(), SCHEDULER)
    await stage.start_bot(environment)
    await stage.slash(f"watch {SLUG} --mention none")
    await eventually("the run to be discovered", lambda: stage.asked("boltRunStatus"))
    ends(stage, run, "FAILED")
    await stage.until(stage.card_says(":red_circle: *Load the warehouse* failed"))
    return run


def shows(stage: Stage, words: str) -> bool:
    """Whether the incident's message says these words."""
    return words in str(stage.cards()[0].blocks)


async def test_people_take_it_on_and_snooze_it(stage: Stage) -> None:
    """People take on an incident, take it over, leave it and snooze it; ending the snooze is posted."""
    await fails(stage)
    ts, both, people = stage.cards()[0].ts, {PERSON, "grace"}, stage.sandbox.slack.people
    await asyncio.gather(*(people.click(who, CHANNEL, ts, label="I'm on it") for who in both))

    def slower() -> set[str]:
        return {who for who in both if stage.told_privately("has been on it since", user=who)()}

    await stage.until(lambda: len(slower()) == 1)
    (second,) = slower()
    (first,) = both - {second}
    await stage.until(lambda: shows(stage, f"{first} is on it"))
    await stage.click("Take over", user=second)
    await stage.until(lambda: shows(stage, f"{second} is on it"))
    await opened(stage, "Failing now (1)")
    await stage.click("No longer on it")
    await stage.until(lambda: shows(stage, "I'm on it"))
    message = stage.cards()[0]
    value = snooze_value(SLUG, "recovery")
    await stage.sandbox.slack.people.click(PERSON, CHANNEL, message.ts, action_id=INCIDENT_SNOOZE, value=value)
    await stage.until(lambda: shows(stage, "Snoozed by ada until it recovers"))
    await stage.click("End snooze")
    await stage.until(stage.replied("Still failing: 1 run"))
    await stage.until(lambda: not shows(stage, "Snoozed by"))


async def test_a_failed_run_is_read_and_retried(stage: Stage) -> None:
    """A retry is a line of the incident's message, without a card of its own, and its success ends the incident."""
    run = await fails(stage)
    await stage.click("Logs")
    await stage.until(stage.told_privately(f"run {run.id}"))
    await stage.click("Retry failed")
    await stage.until(lambda: shows(stage, "Being retried as") and shows(stage, "Cancel retry"))
    (retry,) = stage.started()
    ends(stage, retry)
    await stage.until(stage.card_says(":white_check_mark: *Load the warehouse* recovered after 1 failure"))
    await stage.until(stage.card_says("(started by ada)"))
    assert len(stage.cards()) == 1


async def test_retrying_what_fails_asks_once(stage: Stage) -> None:
    """Retrying all failing schedules asks for confirmation; declining retries nothing."""
    run = await fails(stage)
    await stage.slash("retry --failing")
    await stage.until(stage.told_privately("Load the warehouse* (<"))
    await stage.click("Don't retry")
    await stage.until(stage.told_privately("Nothing was retried."))
    await stage.slash("retry --failing")
    await stage.until(stage.told_privately("Retry the newest failed run of this schedule?"))
    await stage.click("Retry 1 run")
    await stage.until(stage.told_privately("I'm retrying 1 run."))
    await stage.until(lambda: len(stage.started()) == 1)
    assert stage.started()[0].id > run.id


async def test_a_double_click_does_not_take_back_what_the_first_one_said(stage: Stage) -> None:
    """The answer to each click replaces the question, so the second answer must be true of both clicks."""
    await fails(stage)
    await stage.slash("retry --failing")
    await stage.until(stage.told_privately("Retry the newest failed run of this schedule?"))
    people = stage.sandbox.slack.people
    ts = people.newest_with(PERSON, CHANNEL, label="Retry 1 run")
    clicks = [people.click(PERSON, CHANNEL, ts, label="Retry 1 run") for _ in range(2)]
    await asyncio.gather(*clicks)
    await stage.until(lambda: [len(one.earlier) for one in stage.private() if one.ts == ts] == [2])
    assert "I'm retrying 1 run." in stage.private()[-1].text
    await stage.until(lambda: shows(stage, "Being retried as"))
    assert len(stage.started()) == 1


async def test_the_policy_decides_who_handles_it(stage: Stage) -> None:
    """The policy decides who can take on an incident, and who is asked whether to retry what's failing."""
    rules = NOT_GRACE.replace("what: watch", "what: [watch, retry]")
    await fails(stage, policy(stage, rules) | OFTEN)
    await stage.slash("retry --failing", user="grace")
    await stage.until(stage.told_privately("You can't retry this here: Grace has enough to read", user="grace"))
    await stage.click("I'm on it", user="grace")
    await stage.until(stage.told_privately("You can't take on this incident here: Grace has enough", user="grace"))
    assert not shows(stage, "grace is on it")


async def test_an_outage_is_handled_as_one(stage: Stage) -> None:
    """The warehouse is away: many schedules fail, one message lists them, and one click takes all of them on."""
    bolt = stage.sandbox.bolt
    for number in range(8):
        add_schedule(stage, slug=f"mart-{number}")
    runs = [bolt.start(f"mart-{number}", Start(), SCHEDULER) for number in range(8)]
    await stage.start_bot(OFTEN)
    await stage.slash("watch mart-* --mention none")
    await eventually("the runs to be discovered", lambda: stage.asked("boltRunStatus"))
    for run in runs:
        ends(stage, run, "FAILED")

    def outage() -> str:
        return next((str(card.blocks) for card in stage.cards() if "3 schedules* failing" in str(card.blocks)), "")

    await stage.until(lambda: bool(outage()))
    await stage.click("All schedules")
    await stage.until(stage.told_privately("3 schedules failing:"))
    ts = next(card.ts for card in stage.cards() if "3 schedules* failing" in str(card.blocks))
    await stage.sandbox.slack.people.click(PERSON, CHANNEL, ts, action_id="outage.take")
    await stage.until(lambda: "ada is on it" in outage())
