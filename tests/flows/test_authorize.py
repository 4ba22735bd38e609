"""Each click and command is decided by the current policy, and audited with the decision."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.audit_entry import AuditEntry
from bot.core.model.bolt import Schedule
from bot.core.model.command import RetryCommand, RunCommand
from bot.core.model.errors import BoltNotSent, StoreUnavailable
from bot.core.model.person import Person, Role
from bot.core.model.request import Approval, Request, StartPlan
from bot.core.model.run import RunKey
from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.rules import Action, Allow, Deny, Overrides, Policy, Question, Rule, Which
from bot.flows.authorize import Attempt
from bot.store.audit_stream import Audit
from tests.flows.fakes import NIGHTLY
from tests.flows.stage import ADA, BOB, CHANNEL, WANTED, Stage, asker
from tests.store.record import NOW

NO_PROD = Policy(
    (Rule("production", Deny("not production"), which=Which(schedules=("nightly",))), Rule("all", Allow()))
)
ADAS = Policy((Rule("hers", Allow(), which=Which(owners=("ada@*",))),))
PLAN = StartPlan("nightly", NIGHTLY.name, 5, ("dbt build",), "main")
APPROVAL = Approval("@leads", "S-@leads", "production", 1800)


def attempt(action: Action = Action.CANCEL, text: str = "cancel 7") -> Attempt:
    """An action that somebody attempts."""
    return Attempt(asker(), action, text)


def start(wanted: RunCommand | RetryCommand = WANTED) -> Request:
    """A stored start."""
    return Request("r1", "T", CHANNEL, ADA, "ada", wanted, NOW)


def with_policy(stage: Stage, policy: Policy) -> Stage:
    """The same stage with another policy."""
    stage.policy = policy
    stage.__post_init__()
    return stage


async def entries(stage: Stage) -> list[AuditEntry]:
    """The audit log, oldest first."""
    return [entry async for entry in stage.audit.newest_entries()][::-1]


async def test_each_decision_is_on_record(start_stage: Stage) -> None:
    """An entry says who wanted what, where, and which rule decided; a secret in it is masked."""
    stage = with_policy(start_stage, NO_PROD)
    await stage.authorizer.decide_on_schedule(attempt(text="run nightly --reason hunter2"), "nightly")
    await stage.authorizer.decide_on_schedule(attempt(), "hourly")
    first, second = await entries(stage)
    assert (first.user, first.channel_name, first.schedule) == (ADA, f"name-of-{CHANNEL}", "nightly")
    assert (first.decision, first.rule, first.outcome) == ("deny", "production", "not production")
    assert (second.decision, second.rule) == ("allow", "all")
    assert "hunter2" not in first.text


async def test_a_run_is_judged_by_the_schedule_on_record(start_stage: Stage) -> None:
    """For an unknown run, rules about schedules can't be decided."""
    settled = await start_stage.start()
    assert settled.run_id is not None
    stage = with_policy(start_stage, NO_PROD)
    assert (await stage.authorizer.decide_on_run(attempt(), RunKey("w", settled.run_id))).verdict is Verdict.DENY
    assert (await stage.authorizer.decide_on_run(attempt(), RunKey("w", 9))).verdict is Verdict.UNKNOWN
    assert (await stage.authorizer.decide_on_run(attempt(), RunKey("x", settled.run_id))).verdict is Verdict.UNKNOWN


async def test_a_schedule_that_cannot_be_looked_up_is_not_allowed(start_stage: Stage) -> None:
    """Without the schedule's facts, it isn't known whether a rule about schedules applies."""
    stage = with_policy(start_stage, NO_PROD)
    assert (await stage.authorizer.decide_on_schedule(attempt(), "nonsense")).verdict is Verdict.UNKNOWN
    stage.bolt.faults.always["schedules"] = BoltNotSent()
    stage.catalog.forget()
    assert (await stage.authorizer.decide_on_schedule(attempt(), "hourly")).verdict is Verdict.UNKNOWN


async def test_an_owner_is_asked_for_only_where_a_rule_needs_it(start_stage: Stage) -> None:
    """Without such a rule Bolt isn't asked; with one, the schedule's owner decides."""
    await start_stage.authorizer.decide_on_start(start(), PLAN)
    assert start_stage.bolt.reads == []
    stage = with_policy(start_stage, ADAS)
    stage.bolt.active = [replace(NIGHTLY, owner="ada@example.com")]
    decision, _ = await stage.authorizer.decide_on_start(start(), PLAN)
    assert decision.verdict is Verdict.ALLOW
    stage.bolt.active = [NIGHTLY]
    stage.catalog.forget()
    decision, _ = await stage.authorizer.decide_on_start(start(), PLAN)
    assert decision.verdict is Verdict.DENY


NO_OVERRIDES = Policy(
    (Rule("plain", Allow(), which=Which(branch=Overrides(any=False), commands=Overrides(any=False))),)
)


@pytest.mark.parametrize(
    ("wanted", "plan", "allowed"),
    [
        (RunCommand("nightly"), PLAN, True),
        (RunCommand("nightly", "main"), PLAN, True),
        (RunCommand("nightly", "dev"), PLAN, False),
        (RunCommand("nightly", commands=("dbt run",)), PLAN, False),
        (RetryCommand(every=True, run_id=7), replace(PLAN, parent_run=7), True),
        (RetryCommand(every=True, run_id=7), replace(PLAN, parent_run=7, branch="dev"), False),
        (RetryCommand(every=True, run_id=7), replace(PLAN, parent_run=7, overridden=True), False),
        (RetryCommand(every=True, run_id=7), replace(PLAN, parent_run=7, commands=()), False),
    ],
)
async def test_a_retry_is_no_way_round_a_rule(
    start_stage: Stage, wanted: RunCommand | RetryCommand, plan: StartPlan, *, allowed: bool
) -> None:
    """Overrides of the retried run count as given; if its overrides aren't known, no rule allows the retry."""
    stage = with_policy(start_stage, NO_OVERRIDES)
    decision, _ = await stage.authorizer.decide_on_start(start(wanted), plan)
    assert decision.allowed is allowed


async def test_what_may_be_known_soon_is_no_decision_yet(start_stage: Stage) -> None:
    """Slack limits user lookups, so a patient caller waits for one, and no refusal is recorded meanwhile."""
    start_stage.people.people[ADA] = Person(ADA, why="Slack is busy", again_s=3)
    decision, _ = await start_stage.authorizer.decide_on_start(start(), PLAN, patient=True)
    assert (decision.verdict, decision.again_s) == (Verdict.UNKNOWN, 3)
    assert await entries(start_stage) == []
    await start_stage.authorizer.decide_on_start(start(), PLAN)
    assert [entry.decision for entry in await entries(start_stage)] == ["unknown"]


async def test_a_second_look_is_not_recorded_twice(start_stage: Stage) -> None:
    """Neither a second decision about the same start nor one for suggestions while someone types is recorded."""
    await start_stage.authorizer.decide_on_start(start(), PLAN, again=True)
    await start_stage.authorizer.decide_unrecorded(asker(), Question(Action.READ))
    assert await entries(start_stage) == []


class NoAudit(Audit):
    """An audit log that can't be written."""

    async def add_entry(self, entry: AuditEntry) -> None:
        """Fail."""
        del entry
        raise StoreUnavailable


async def test_nothing_is_done_off_the_record_but_everything_can_be_read(start_stage: Stage) -> None:
    """If Redis is away, an action fails, and a command that only reads is allowed."""
    start_stage.authorizer._audit = NoAudit(start_stage.scripts, most=1, days=1)
    with pytest.raises(StoreUnavailable):
        await start_stage.authorizer.decide_without_schedule(attempt())
    assert (await start_stage.authorizer.decide_without_schedule(attempt(Action.READ, "list"))).allowed


@pytest.mark.parametrize(
    ("person", "may"),
    [
        (Person(BOB, frozenset({Role.MEMBER}), frozenset({"@leads"})), True),
        (Person(BOB, frozenset({Role.MEMBER}), frozenset()), False),
        (Person(BOB, frozenset(), frozenset({"@leads"})), False),
        (Person(BOB, frozenset({Role.EXTERNAL}), frozenset({"@leads"})), False),
        (Person(BOB, frozenset({Role.MEMBER}), None), None),
        (Person(BOB, None, frozenset({"@leads"})), None),
    ],
)
async def test_who_may_approve_is_read_anew(start_stage: Stage, person: Person, may: bool | None) -> None:  # noqa: FBT001
    """Approvers are active members of the group, and only they are looked up again."""
    start_stage.people.people[BOB] = person
    assert await start_stage.authorizer.may_approve(BOB, APPROVAL) is may
    assert start_stage.people.fresh == ([BOB] if may else [])


async def test_an_empty_group_is_read_again_before_it_is_called_empty(start_stage: Stage) -> None:
    """Somebody may have joined since it was cached. If the cached group has other members, those are returned."""
    people, others = start_stage.people, start_stage.authorizer.other_members
    people.cached_groups["@leads"], people.groups["@leads"] = frozenset({ADA}), frozenset({ADA, BOB})
    assert await others("@leads", ADA) == frozenset({BOB})
    people.cached_groups["@leads"], people.groups["@leads"] = frozenset({ADA, BOB}), frozenset({ADA})
    assert await others("@leads", ADA) == frozenset({BOB})


async def test_the_others_are_everyone_else_in_the_group(start_stage: Stage) -> None:
    """If nobody else is in the group, the result is empty; for an unknown group, it's None."""
    start_stage.people.groups["@leads"] = frozenset({ADA, BOB})
    assert await start_stage.authorizer.other_members("@leads", ADA) == frozenset({BOB})
    start_stage.people.groups["@leads"] = frozenset({ADA})
    assert await start_stage.authorizer.other_members("@leads", ADA) == frozenset()
    assert await start_stage.authorizer.other_members("@nobody", ADA) is None


async def test_a_refused_click_is_on_record(start_stage: Stage) -> None:
    """The entry says who wanted to decide about a start, and why they couldn't."""
    await start_stage.authorizer.record_refused_decision(asker(BOB), start(), yes=True, why="not in the group")
    (entry,) = await entries(start_stage)
    assert (entry.user, entry.decision, entry.outcome) == (BOB, "deny", "not in the group")
    assert entry.text.startswith("approve run ")


async def test_no_other_schedule_is_taken_for_one_at_hand(start_stage: Stage) -> None:
    """A schedule that the caller already has is judged as it is, without a lookup in Bolt."""
    stage = with_policy(start_stage, NO_PROD)
    inactive = Schedule(9, "u", "nightly-old", "nightly-old", "OFF", "ui")
    decision: Decision = await stage.authorizer.decide_on_known_schedule(attempt(), inactive)
    assert decision.allowed
    assert stage.bolt.reads == []


async def test_a_schedule_of_our_records_is_not_looked_up(start_stage: Stage) -> None:
    """The schedule's slug and name are enough, as no rule here depends on its owner."""
    stage = with_policy(start_stage, NO_PROD)
    assert not (await stage.authorizer.decide_on_slug(attempt(), "nightly", "Nightly")).allowed
    assert (await stage.authorizer.decide_on_slug(attempt(), "hourly", "Hourly")).allowed
    assert stage.bolt.reads == []


def test_a_command_with_a_secret_cannot_be_shown(start_stage: Stage) -> None:
    """A command that masking would change can't be shown, so it can't be approved either."""
    assert start_stage.authorizer.can_show(("dbt run", "dbt test"))
    assert not start_stage.authorizer.can_show(("dbt run", "x hunter2"))


async def test_a_decision_ends_with_the_policy_with_which_it_began(start_stage: Stage) -> None:
    """If the policy changes during a decision, the old one still decides, and the new one decides the next."""
    stage = with_policy(start_stage, NO_PROD)
    read = stage.people.person
    seen: list[bool] = []

    async def person(user: str, *, acts: bool = False, fresh: bool = False) -> Person:
        stage.current_policy.replace(Policy((Rule("all", Allow()),)))
        seen.append(stage.current_policy.value is NO_PROD)
        return await read(user, acts=acts, fresh=fresh)

    stage.people.person = person  # type: ignore[method-assign]  # a fake of a port
    assert not (await stage.authorizer.decide_on_schedule(attempt(), "nightly")).allowed
    assert seen == [True]
    assert (await stage.authorizer.decide_on_schedule(attempt(), "nightly")).allowed


async def test_many_schedules_of_our_records_are_one_entry(start_stage: Stage) -> None:
    """The entry is a refusal only if all schedules are refused."""
    stage = with_policy(start_stage, NO_PROD)
    retry = attempt(Action.RETRY, "retry --failing")
    both = await stage.authorizer.decide_on_slugs(retry, {"nightly": "Nightly", "hourly": "Hourly"})
    assert {slug: one.verdict for slug, one in both.items()} == {"nightly": Verdict.DENY, "hourly": Verdict.ALLOW}
    await stage.authorizer.decide_on_slugs(retry, {"nightly": "Nightly"})
    assert [entry.decision for entry in await entries(stage)] == ["allow", "deny"]
