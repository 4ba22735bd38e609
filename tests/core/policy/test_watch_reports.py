"""The reports that the policy lets a watch make."""

from __future__ import annotations

import pytest

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Allow, Deny, Policy, Rule, Target, Where, Who
from bot.core.policy.watch_reports import (
    OPERATOR_PERSON,
    Telling,
    telling,
    watches_shared_channels,
    without_rules_about_people,
)

NIGHTLY = Target("nightly", "Nightly", "ada")
HERE = ChannelInfo("C1", "data", ChannelKind.PUBLIC, shared=False)
ADA = Person("U1", frozenset({Role.MEMBER}), frozenset())


@pytest.mark.parametrize(
    ("person", "channel_info", "decided"),
    [
        (ADA, HERE, Telling(runs=True, logs=True)),
        (Person("U1", frozenset({Role.GUEST}), frozenset()), HERE, Telling(runs=False, logs=False)),
        (Person("U1", frozenset(), frozenset()), HERE, Telling(runs=False, logs=False)),
        (Person("U1"), HERE, Telling(runs=None, logs=None)),
        (ADA, ChannelInfo("C1"), Telling(runs=None, logs=None)),
        (ADA, ChannelInfo("C1", "x", ChannelKind.PUBLIC, shared=True), Telling(runs=False, logs=False)),
    ],
)
def test_by_default(person: Person, channel_info: ChannelInfo, decided: Telling) -> None:
    """By default, members' watches report everything in unshared channels; missing facts leave the decision open."""
    assert telling(DEFAULT_POLICY, person, channel_info, NIGHTLY) == decided


def test_logs_are_asked_for_separately() -> None:
    """A rule can refuse only the logs."""
    policy = Policy((Rule("no", Deny("no"), what=frozenset({Action.LOGS})), *DEFAULT_POLICY.rules))
    assert telling(policy, ADA, HERE, NIGHTLY) == Telling(runs=True, logs=False)


def test_rules_about_people_do_not_apply_to_the_operator() -> None:
    """Rules about people don't apply to the operator, whether they allow or deny; all other rules do."""
    members = Rule("members", Allow(), who=Who(roles=frozenset({Role.OWNER})))
    nobody = Rule("nobody", Deny("no"), who=Who(users=frozenset({"U1"})))
    here = Rule("here", Deny("no"), where=Where(channels=("C2",)))
    policy = without_rules_about_people(Policy((nobody, here, members)))
    assert telling(policy, OPERATOR_PERSON, HERE, NIGHTLY) == Telling(runs=True, logs=True)
    there = ChannelInfo("C2", "x", ChannelKind.PUBLIC, shared=False)
    assert telling(policy, OPERATOR_PERSON, there, NIGHTLY) == Telling(runs=False, logs=False)


@pytest.mark.parametrize(
    ("rule", "may"),
    [
        (Rule("any", Allow(), where=Where(shared=True)), True),
        (Rule("watch", Allow(), where=Where(shared=True), what=frozenset({Action.WATCH})), True),
        (Rule("start", Allow(), where=Where(shared=True), what=frozenset({Action.START})), False),
        (Rule("not there", Deny("no"), where=Where(shared=True)), False),
        (Rule("ours", Allow(), where=Where(shared=False)), False),
    ],
)
def test_whether_shared_channels_may_be_watched_at_all(rule: Rule, *, may: bool) -> None:
    """Shared channels can be watched only if a rule allows it."""
    assert watches_shared_channels(Policy((rule, *DEFAULT_POLICY.rules))) is may
