"""A policy as a whole: the facts that it needs, and the people whom it lets in."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.person import Role
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Allow, Approve, Deny, Policy, Rule, Which, Who

PLAIN = Policy((Rule("all", Allow()),))
EXTERNAL = Who(roles=frozenset({Role.EXTERNAL}))


def test_only_the_groups_that_are_named_are_looked_up() -> None:
    """The groups that are looked up are those in conditions and those that approve."""
    policy = Policy((Rule("a", Approve("@leads"), who=Who(groups=frozenset({"@data"}))), Rule("b", Allow())))
    assert policy.groups == {"@data", "@leads"}
    assert PLAIN.groups == frozenset()


def test_a_rule_that_only_refuses_lets_nobody_in() -> None:
    """People from other organizations are let in only by a rule that allows them something, with or without approval."""
    assert not PLAIN.admits_external
    assert not Policy((Rule("no", Deny("no"), who=EXTERNAL),)).admits_external
    assert Policy((Rule("yes", Allow(), who=EXTERNAL),)).admits_external
    assert Policy((Rule("maybe", Approve("@leads"), who=EXTERNAL),)).admits_external


def test_e_mail_addresses_and_owners_are_asked_for_only_where_a_rule_needs_them() -> None:
    """Email addresses and owners are looked up only if a rule needs them, because each costs a call."""
    assert not PLAIN.asks_domain
    assert Policy((Rule("a", Allow(), who=Who(domains=frozenset({"example.com"}))),)).asks_domain
    assert not PLAIN.asks_owner
    assert Policy((Rule("a", Allow(), which=Which(owners=("ada@*",))),)).asks_owner


def test_without_a_file_nothing_more_is_asked_for() -> None:
    """The default policy needs no groups, domains or owners, and admits nobody from outside."""
    assert not DEFAULT_POLICY.groups
    assert not any((DEFAULT_POLICY.admits_external, DEFAULT_POLICY.asks_domain, DEFAULT_POLICY.asks_owner))
    assert DEFAULT_POLICY.is_default
    assert not replace(DEFAULT_POLICY, is_default=False).is_default


def test_what_changes_something_is_told_from_what_only_reads() -> None:
    """The actions that change something are start, retry, cancel, pause and watch; the others only read."""
    assert {action for action in Action if action.acts} == {
        Action.START,
        Action.RETRY,
        Action.CANCEL,
        Action.PAUSE,
        Action.WATCH,
    }
