"""The policy decides for each report whether the watch may make it."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest
from redis.asyncio import Redis

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.incident import HIDDEN
from bot.core.model.person import Person, Role
from bot.core.model.watch import OPERATOR
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Allow, Deny, Policy, Rule, Where, Which, Who
from tests.flows.incident_stage import DISK_LOG, IncidentStage
from tests.flows.stage import ADA, BOB, CHANNEL

FINANCE_ONLY = Rule("finance", Allow(), who=Who(groups=frozenset({"@finance"})))
NO_LOGS = Rule("no logs here", Deny("not here"), where=Where(channels=(CHANNEL,)), what=frozenset({Action.LOGS}))


def policy(*rules: Rule) -> Policy:
    """A policy with these rules before the default ones."""
    return replace(DEFAULT_POLICY, rules=(*rules, *DEFAULT_POLICY.rules), is_default=False)


async def fails(stage: IncidentStage) -> None:
    """A run that nobody started here fails."""
    stage.run_through("FAILED")
    await stage.discover()


async def test_a_creator_who_may_no_longer_watch_hears_nothing(one_redis: Redis) -> None:
    """Groups are read at each end of a run, and a message that is already posted is hidden at the next end."""
    stage = IncidentStage(one_redis, policy=Policy((FINANCE_ONLY,)))
    stage.people.groups["@finance"] = frozenset({ADA})
    await stage.watch(made_by=ADA)
    await fails(stage)
    assert len(stage.cards()) == 1
    stage.people.groups["@finance"] = frozenset()
    stage.clock_s += 60
    await fails(stage)
    (card,) = stage.cards()
    assert HIDDEN in card
    assert "Nightly" not in card
    await fails(stage)
    assert stage.cards() == [card]


async def test_another_watch_of_the_channel_decides_then(one_redis: Redis) -> None:
    """If the policy refuses the deciding watch's creator, the channel's next watch decides."""
    stage = IncidentStage(one_redis, policy=Policy((FINANCE_ONLY,)))
    stage.people.groups["@finance"] = frozenset({BOB})
    await stage.watch("night*", made_by=BOB)
    await stage.watch(made_by=ADA)
    await fails(stage)
    assert len(stage.cards()) == 1
    assert (await stage.incident()).watch == 1


async def test_channels_and_schedules_are_decided_separately(one_redis: Redis) -> None:
    """One schedule is refused in one channel, and everything else is reported."""
    nightly = Rule("no", Deny("no"), where=Where(channels=("C2",)), which=Which(schedules=("nightly",)))
    stage = IncidentStage(one_redis, policy=policy(nightly))
    for channel in (CHANNEL, "C2"):
        await stage.watch("*", channel, made_by=ADA)
    await fails(stage)
    assert (len(stage.cards()), stage.cards("C2")) == (1, [])
    stage.run_through("FAILED", "hourly")
    await stage.discover()
    assert len(stage.cards("C2")) == 1


async def test_without_permission_for_logs_nothing_is_quoted(one_redis: Redis) -> None:
    """Lines and hints are left out; a new error is still reported."""
    stage = IncidentStage(one_redis, policy=policy(NO_LOGS))
    await stage.watch(made_by=ADA)
    await stage.watch(channel="C2", made_by=ADA)
    await fails(stage)
    stage.run_through("FAILED", log=DISK_LOG)
    await stage.discover()
    quoted = str([one for one in stage.chat.posted.values() if one.channel == CHANNEL])
    assert "orders" in quoted
    assert "net_amnt" not in quoted
    assert "No space left" not in quoted
    assert "net_amnt" in str([one for one in stage.chat.posted.values() if one.channel == "C2"])
    assert len(await stage.thread()) == 2


async def test_the_operators_watches_pass_rules_about_people(one_redis: Redis) -> None:
    """Rules about schedules and channels still apply."""
    guests = Rule("not for guests", Deny("no"), who=Who(roles=frozenset({Role.MEMBER})))
    hourly = Rule("not hourly", Deny("no"), which=Which(schedules=("hourly",)))
    stage = IncidentStage(one_redis, policy=Policy((guests, hourly, FINANCE_ONLY)))
    await stage.watch("*", made_by=OPERATOR)
    await fails(stage)
    stage.run_through("FAILED", "hourly")
    await stage.discover()
    assert len(stage.cards()) == 1


async def test_who_cannot_be_read_now_is_waited_for(one_redis: Redis) -> None:
    """The wait lasts a minute; then the last decision counts."""
    stage = IncidentStage(one_redis, policy=Policy((FINANCE_ONLY,)))
    stage.people.groups["@finance"] = frozenset({ADA})
    await stage.watch(made_by=ADA)
    await fails(stage)
    stage.people.people[ADA] = Person(ADA, frozenset({Role.MEMBER}), None, again_s=2)
    stage.clock_s += 60
    stage.run_through("FAILED")
    for _ in range(2):
        await stage.discovery_only()
        assert (await stage.incident()).failures == 1
        stage.clock_s += 30
    stage.clock_s += 30
    await stage.discovery_only()
    assert (await stage.incident()).failures == 2


async def test_who_was_never_read_is_refused(one_redis: Redis) -> None:
    """A refusal that may apply isn't skipped."""
    stage = IncidentStage(one_redis, policy=Policy((FINANCE_ONLY,)))
    stage.people.people[ADA] = Person(ADA, frozenset({Role.MEMBER}), None)
    await stage.watch(made_by=ADA)
    await fails(stage)
    assert stage.cards() == []


async def test_facts_are_read_once_for_many_schedules(one_redis: Redis) -> None:
    """Two hundred decisions within ten seconds read the channel once."""
    stage = IncidentStage(one_redis)
    asked = count()

    class Counted(type(stage.people)):  # type: ignore[misc]
        async def channel(self, channel: str) -> ChannelInfo:
            next(asked)
            return ChannelInfo(channel, "x", ChannelKind.PUBLIC, shared=False)

    stage.people = Counted()
    permissions = stage.new_permissions()
    watch = await stage.watch("*", made_by=ADA)
    record = (await stage.discovery.load_schedules(["nightly"]))["nightly"].schedule
    for number in range(200):
        told = await permissions.decide([watch], replace(record, slug=f"s{number}"))
        assert told.by_name[watch.name].runs
    assert next(asked) == 1


async def test_a_deactivated_creator_suspends_the_watch_and_admins_are_told_once(one_redis: Redis) -> None:
    """The watch is suspended as soon as there's something to report."""
    stage = IncidentStage(one_redis)
    await stage.watch(made_by=ADA)
    stage.people.people[ADA] = Person(ADA, frozenset(), frozenset())
    await fails(stage)
    assert stage.cards() == []
    assert (await stage.work("channels")) == 1
    (watch,) = await stage.watches.all_watches()
    assert (watch.paused, watch.notify) == ("deactivated", False)
    (told,) = stage.chat.told("U0ADMIN")
    assert "nightly" in told
    await stage.check_channels()
    assert len(stage.chat.told("U0ADMIN")) == 1
    assert [one.event async for one in stage.audit.newest_entries()] == ["watch_paused"]


@pytest.mark.parametrize("shared", [True, False])
async def test_a_shared_channel_hears_nothing_unless_a_rule_says_so(one_redis: Redis, *, shared: bool) -> None:
    """Cards aren't posted there either."""
    rule = Rule("partners", Allow(), where=Where(shared=True))
    stage = IncidentStage(one_redis, policy=policy(*([rule] if shared else [])))
    await stage.watch(made_by=ADA)
    stage.people.channels[CHANNEL] = ChannelInfo(CHANNEL, "x", ChannelKind.PUBLIC, shared=True)
    await fails(stage)
    assert len(stage.cards()) == shared


async def test_a_new_policy_counts_at_once(one_redis: Redis) -> None:
    """Facts that were read for the old policy are read again, because the new one may need others."""
    stage = IncidentStage(one_redis, policy=policy())
    await stage.watch(made_by=ADA)
    await fails(stage)
    assert "Nightly" in stage.cards()[0]
    stage.current_policy.replace(Policy((FINANCE_ONLY,)))
    await fails(stage)
    assert HIDDEN in stage.cards()[0]
    stage.people.groups["@finance"] = frozenset({ADA})
    stage.current_policy.replace(Policy((FINANCE_ONLY,)))
    await fails(stage)
    assert "Nightly" in stage.cards()[-1]
