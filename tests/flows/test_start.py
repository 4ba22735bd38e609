"""A start is sent to Bolt at most once, either soon or not at all, and the requester is told the outcome.

Lost responses are tested in test_find_lost_start.py, and repeated commands in tests/store/test_start_requests.py.
"""

from __future__ import annotations

import pytest

from bot.core.model.bolt import Trigger
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.errors import (
    AlreadyRunning,
    ApiError,
    BoltDenied,
    BoltError,
    BoltNotSent,
    BoltOutcomeUnknown,
    BoltRejected,
    BoltThrottled,
)
from bot.core.model.request import RequestState
from bot.core.policy.rules import Action, Allow, Approve, Deny, Overrides, Policy, Rule, Which
from tests.flows.stage import ADA, CHANNEL, Stage, carded


async def test_the_card_stands_before_anything_is_sent(start_stage: Stage) -> None:
    """Once the start is sent, its run is recorded with the person who asked."""
    await carded(
        start_stage, RunCommand("Nightly full build", "dev", 12, ("dbt test",), "late data", continue_on_error=True)
    )
    await start_stage.advance()
    request = await start_stage.request()
    assert request.state is RequestState.SETTLED
    ((_, trigger),) = start_stage.bolt.sent
    assert isinstance(trigger, Trigger)
    assert (trigger.slug, trigger.branch, trigger.pull_request, trigger.commands) == (
        "nightly",
        "dev",
        12,
        ("dbt test",),
    )
    assert "late data" in (trigger.reason or "")
    assert request.run_id is not None
    assert (await start_stage.run(request.run_id)).facts.asked_by == ADA


@pytest.mark.parametrize("wanted", [RetryCommand(every=False, run_id=101), RetryCommand(every=True, run_id=101)])
async def test_a_retry_is_sent_as_one(start_stage: Stage, wanted: RetryCommand) -> None:
    """A retry asks Bolt to run the failed commands again, or every command."""
    start_stage.bolt.add_run("nightly", "FAILED")
    await start_stage.start(start_command=wanted)
    assert start_stage.bolt.sent == [("retry_all" if wanted.every else "retry", 101)]


async def test_what_does_not_exist_is_refused_before_a_card_is_posted(start_stage: Stage) -> None:
    """The private answer suggests a similar name."""
    await start_stage.accept(start_command=RunCommand("nigtly"))
    await start_stage.advance()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CLOSED
    (told,) = start_stage.chat.told(ADA)
    assert "nightly" in told
    assert start_stage.cards() == []
    assert start_stage.bolt.sent == []


@pytest.mark.parametrize("away", [BoltNotSent(), BoltThrottled(0.1), BoltOutcomeUnknown()])
async def test_a_look_that_fails_is_tried_again(start_stage: Stage, away: BoltError) -> None:
    """A look changes nothing, so repeating it is safe."""
    await start_stage.accept()
    start_stage.bolt.faults.fail("runs", away)
    await start_stage.advance()
    assert await start_stage.state() is RequestState.ACCEPTED
    start_stage.planner._listings._listings.clear()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.LOOKED


async def test_a_key_that_is_refused_is_told_at_once(start_stage: Stage) -> None:
    """Trying again would not help."""
    start_stage.bolt.faults.always["schedules"] = BoltDenied()
    await start_stage.accept()
    await start_stage.advance()
    await start_stage.advance()
    (told,) = start_stage.chat.told(ADA)
    assert "Nothing was started." in told


@pytest.mark.parametrize("away", [BoltNotSent(), BoltThrottled(0.1)])
async def test_what_never_left_is_sent_again(start_stage: Stage, away: BoltError) -> None:
    """It's certain that nothing was started, so sending the start again makes one run."""
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", away)
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CARDED
    await start_stage.advance()
    assert await start_stage.state() is RequestState.SETTLED
    assert len(start_stage.bolt.runs_of["nightly"]) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [(BoltRejected((ApiError("The branch does not exist"),)), "The branch does not exist"), (BoltDenied(), "API key")],
)
async def test_what_bolt_refuses_takes_its_card_away(start_stage: Stage, error: BoltError, words: str) -> None:
    """The requester is told privately, in Bolt's words."""
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", error)
    await start_stage.advance()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.CLOSED
    assert start_stage.cards() == []
    (told,) = start_stage.chat.told(ADA)
    assert words in told


async def test_a_schedule_that_is_already_running_is_named_with_its_run(start_stage: Stage) -> None:
    """The answer names the active run, so that people can follow it or wait for it."""
    run_id = start_stage.bolt.add_run("nightly", "RUNNING")
    await carded(start_stage)
    start_stage.bolt.faults.fail("trigger", AlreadyRunning((ApiError("already running"),)))
    await start_stage.advance()
    request = await start_stage.request()
    assert request.running is not None
    assert request.running.run_id == run_id
    await start_stage.advance()
    (told,) = start_stage.chat.told(ADA)
    assert f"run {run_id}" in told


async def test_a_start_that_waited_too_long_is_not_sent(start_stage: Stage) -> None:
    """A start that is much later than the click isn't wanted anymore."""
    await carded(start_stage)
    start_stage.deadline_s = 0
    start_stage.__post_init__()
    await start_stage.advance()
    assert await start_stage.state() is RequestState.REFUSED
    assert start_stage.bolt.sent == []
    await start_stage.advance()
    (told,) = start_stage.chat.told(ADA)
    assert "nothing was started" in told


async def test_a_policy_that_says_no_posts_no_card(start_stage: Stage) -> None:
    """The requester is told the rule's reason."""
    start_stage.policy = Policy(
        (Rule("frozen", Deny("it's a holiday"), what=frozenset({Action.START})), Rule("all", Allow()))
    )
    start_stage.__post_init__()
    await start_stage.accept()
    await start_stage.advance()
    await start_stage.advance()
    (told,) = start_stage.chat.told(ADA)
    assert "it's a holiday" in told
    assert start_stage.cards() == []


@pytest.mark.parametrize(
    ("members", "channel", "commands", "words"),
    [
        (frozenset({"U0LEAD"}), "D1", (), "direct message"),
        (None, CHANNEL, (), "no such user group"),
        (frozenset({ADA}), CHANNEL, (), "nobody else"),
        (frozenset({"U0LEAD"}), CHANNEL, ("dbt run --vars hunter2",), "secret"),
        (frozenset({"U0LEAD"}), CHANNEL, ("x" * 3000,), "too long"),
    ],
    ids=["direct", "no group", "alone", "secret", "too long"],
)
async def test_what_nobody_could_approve_is_refused_at_once(
    start_stage: Stage, members: frozenset[str] | None, channel: str, commands: tuple[str, ...], words: str
) -> None:
    """The start doesn't wait for a click that can't come."""
    rule = Rule("production", Approve("@leads"), which=Which(commands=Overrides()))
    start_stage.policy = Policy((rule,))
    start_stage.__post_init__()
    if members is not None:
        start_stage.people.groups["@leads"] = members
    await start_stage.accept(start_command=RunCommand("nightly", commands=commands), channel=channel)
    await start_stage.advance()
    request = await start_stage.request()
    assert request.state is RequestState.REFUSED
    assert words in request.why
