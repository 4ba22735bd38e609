"""Approving a start: by a member of the group, never by the requester, and for exactly what was shown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.core.model.command import RunCommand
from bot.core.model.errors import BoltNotSent
from bot.core.model.request import RequestState
from bot.core.policy.rules import Allow, Approve, Deny, Policy, Rule
from tests.core.views.plain import said
from tests.flows.fakes import NIGHTLY
from tests.flows.stage import ADA, BOB, Stage, asker

LEAD, OTHER = "U0LEAD", "U0OTHER"
POLICY = Policy((Rule("production", Approve("@leads", 1800)),))


@pytest.fixture
async def stage(one_redis: Redis) -> Stage:
    """A start whose card asks the group for approval."""
    made = Stage(one_redis, POLICY)
    made.people.groups["@leads"] = frozenset({LEAD, OTHER})
    await made.accept(start_command=RunCommand("nightly", reason="late data"))
    await made.advance()
    await made.post()
    assert await made.state() is RequestState.PENDING
    return made


def under(stage: Stage, policy: Policy) -> None:
    """Switch to another policy."""
    stage.policy = policy
    stage.__post_init__()


async def decide(stage: Stage, user: str, *, yes: bool = True) -> str | None:
    """Click as somebody, and return the answer."""
    answer = await stage.approvals.decide_approval(asker(user), "r1", yes=yes)
    return None if answer is None else said(answer.text)


async def test_what_is_approved_is_sent_once(stage: Stage) -> None:
    """The card that asked for approval is the only message."""
    assert await decide(stage, LEAD) is None
    await stage.advance("approvals")
    assert stage.bolt.sent == []
    await stage.advance()
    request = await stage.request()
    assert (request.state, request.approved_by) == (RequestState.SETTLED, LEAD)
    assert [method for method, _ in stage.bolt.sent] == ["trigger"]
    assert len(stage.cards()) == 1


async def test_nobody_approves_their_own_start(stage: Stage) -> None:
    """People can't approve their own start even as members of the group, but they can withdraw it."""
    stage.people.groups["@leads"] = frozenset({ADA, LEAD})
    assert "someone else" in (await decide(stage, ADA) or "")
    assert await stage.state() is RequestState.PENDING
    assert await decide(stage, ADA, yes=False) is None
    assert (await stage.request()).denied_by == ADA


@pytest.mark.parametrize("yes", [True, False])
async def test_only_members_of_the_group_decide(stage: Stage, *, yes: bool) -> None:
    """Anyone else who clicks is told so, and the refusal is in the audit log."""
    assert "@leads" in (await decide(stage, BOB, yes=yes) or "")
    assert await stage.state() is RequestState.PENDING
    denied = [entry async for entry in stage.audit.newest_entries() if entry.user == BOB]
    assert [entry.decision for entry in denied] == ["deny"]


async def test_who_cannot_be_looked_up_decides_nothing(stage: Stage) -> None:
    """If the clicker's groups can't be read, the answer says that nothing was decided, so they can click again."""
    stage.people.people[LEAD] = replace(await stage.people.person(LEAD), groups=None)
    assert "nothing was decided" in (await decide(stage, LEAD) or "")
    assert await stage.state() is RequestState.PENDING


async def test_the_first_decision_counts(stage: Stage) -> None:
    """The second person is told who decided."""
    assert await decide(stage, LEAD, yes=False) is None
    assert f"@{LEAD}" in (await decide(stage, OTHER) or "")
    await stage.advance()
    assert stage.bolt.sent == []


async def test_a_start_is_denied_on_its_card(stage: Stage) -> None:
    """The card stays and says so; the person who asked is told."""
    await decide(stage, LEAD, yes=False)
    await stage.advance()
    assert await stage.state() is RequestState.CLOSED
    assert len(stage.cards()) == 1
    assert len(stage.chat.told(ADA)) == 1


async def test_an_approval_has_its_time(stage: Stage) -> None:
    """A start that isn't approved in time is refused, and nothing is sent to Bolt."""
    request = await stage.request()
    assert request.approval is not None
    record = stage.scripts.key("req", "r1")
    approval = await stage.redis.hget(record, "approval")
    assert approval is not None
    await stage.redis.hset(record, "approval", str(approval).replace("1800", "0"))
    await stage.advance("approvals")
    request = await stage.request()
    assert request.state is RequestState.REFUSED
    assert "@leads" in request.why


async def test_what_has_changed_since_is_not_what_was_approved(stage: Stage) -> None:
    """The start is refused, so that only what was approved ever runs."""
    await decide(stage, LEAD)
    stage.bolt.active = [replace(NIGHTLY, commands=("dbt run",))]
    await stage.advance("approvals")
    request = await stage.request()
    assert request.state is RequestState.REFUSED
    assert "changed" in request.why
    assert stage.bolt.sent == []


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy((Rule("production", Approve("@owners")),)), "@owners"),
        (Policy((Rule("frozen", Deny("it's a holiday")),)), "it's a holiday"),
    ],
)
async def test_the_policy_is_asked_again(stage: Stage, policy: Policy, words: str) -> None:
    """The policy may have changed since: another group has to approve, or the start is refused."""
    await decide(stage, LEAD)
    under(stage, policy)
    await stage.advance("approvals")
    request = await stage.request()
    assert request.state is RequestState.REFUSED
    assert words in request.why


async def test_a_policy_that_asks_for_no_approval_any_more_is_no_obstacle(stage: Stage) -> None:
    """An approved start that would now be allowed without approval goes on."""
    await decide(stage, LEAD)
    under(stage, Policy((Rule("all", Allow()),)))
    await stage.advance("approvals")
    assert await stage.state() is RequestState.CARDED


async def test_an_approved_start_waits_for_bolt_but_not_for_long(stage: Stage) -> None:
    """After its deadline, the start is refused."""
    await decide(stage, LEAD)
    stage.bolt.faults.always["schedules"] = BoltNotSent()
    await stage.advance("approvals")
    assert await stage.state() is RequestState.APPROVED
    stage.deadline_s = 0
    stage.__post_init__()
    await stage.advance("approvals")
    assert await stage.state() is RequestState.REFUSED


async def test_a_start_nobody_remembers_is_not_decided(stage: Stage) -> None:
    """The answer says that nothing was decided."""
    answer = await stage.approvals.decide_approval(asker(LEAD), "unknown", yes=True)
    assert answer is not None
    assert "nothing was decided" in said(answer.text)
