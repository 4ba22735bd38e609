"""Many people start using the bot at once: nobody is refused because of Slack's limits on looking people up."""

from __future__ import annotations

import asyncio

from bolt_sandbox.slack import Fault
from tests.e2e.stage import Stage

PEOPLE = 24
# The calls that Slack accepts per minute in these tests: far fewer than one for each person and channel.
FEW = {"users.info": 2, "conversations.info": 2}
# On a busy machine, Redis may answer too late for one of many people. That person gets this message, which has nothing
# to do with Slack's limits.
LATE = "I couldn't record this in time."


async def all_start(stage: Stage, people: int) -> None:
    """Have everybody start a run at once, each in a channel of their own, and wait for all the cards."""
    asked = (stage.slash("run nightly", user=f"person-{n}", channel=f"crowd-{n}") for n in range(1, people + 1))
    assert not [outcome.problem for outcome in await asyncio.gather(*asked) if outcome.problem]
    channels = [f"crowd-{n}" for n in range(1, people + 1)]
    await stage.until(
        lambda: (
            sum(bool(stage.cards(channel)) for channel in channels) + late(stage) >= people or bool(refusals(stage))
        ),
        timeout_s=40,
    )


def late(stage: Stage) -> int:
    """How many were told that their start couldn't be recorded in time."""
    return sum(one.text.startswith(LATE) for one in stage.sandbox.workspace.privates)


def refusals(stage: Stage) -> list[str]:
    """The private messages, except those that say that a start couldn't be recorded in time."""
    return [one.text for one in stage.sandbox.workspace.privates if not one.text.startswith(LATE)]


def answered_429(stage: Stage) -> int:
    """How often Slack refused a call because of its limits."""
    return sum(call.outcome.startswith("ratelimited") for call in stage.sandbox.workspace.calls)


async def test_a_crowd_on_an_empty_cache(stage: Stage) -> None:
    """A crowd is served right after the bot's start, with nothing cached, and Slack never answers 429."""
    stage.sandbox.workspace.add_crowd(1_200, PEOPLE)
    await stage.start_bot()
    await all_start(stage, PEOPLE)
    assert not refusals(stage)
    assert answered_429(stage) == 0


async def test_slack_says_hardly_anything_about_single_people(stage: Stage) -> None:
    """If Slack limits lookups of people and its lists arrive late, unknown people wait and aren't refused."""
    stage.sandbox.workspace.rates.limits = FEW
    stage.sandbox.workspace.faults.add(Fault("ratelimited", "users.list", retry_after_s=2))
    stage.sandbox.workspace.add_crowd(1_200, PEOPLE)
    await stage.start_bot()
    await all_start(stage, PEOPLE)
    await stage.until(lambda: len(stage.started()) + late(stage) >= PEOPLE)
    assert not refusals(stage)
