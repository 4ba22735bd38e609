"""The actions that a person can take in a channel, and the rules that allow them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.core.policy.rules import Action, Allow, Approve, Deny, Overrides, Policy, Rule, Which, Who
from bot.core.policy.whoami import CASES_MOST, DOING, whoami
from tests.core.views.plain import said, shown

ADA = Person("U1", frozenset({Role.MEMBER}), frozenset({"@data"}))
HERE = ChannelInfo("C1", "data-eng", ChannelKind.PUBLIC, shared=False)
START = frozenset({Action.START})


def starts(policy: Policy, person: Person = ADA, channel_info: ChannelInfo = HERE) -> str:
    """The text of the line about starting."""
    head = DOING[Action.START].capitalize()
    return next(line for line in shown(whoami(policy, person, channel_info)) if line.startswith(head)).removeprefix(
        f"{head}: "
    )


def about(pattern: str, effect: Allow | Deny | Approve, name: str = "some") -> Rule:
    """A rule about some schedules."""
    return Rule(name, effect, what=START, which=Which(schedules=(pattern,)))


def test_every_action_has_its_line() -> None:
    """The person and their role come first, then a line for each action, in the blocks and in the text."""
    message = whoami(DEFAULT_POLICY, ADA, HERE)
    lines = shown(message)
    assert lines[0].startswith("You are @U1, a member of this workspace, in @data")
    assert [line.split(":")[0].lower() for line in lines[1 : 1 + len(Action)]] == [DOING[action] for action in Action]
    assert all(line in said(message.text) for line in lines)


def test_cases_come_before_what_holds_otherwise() -> None:
    """Cases are listed in the order of the rules, up to the first rule that covers every schedule."""
    policy = Policy(
        (
            about("prod-*", Approve("@leads", 3600), "production"),
            about("old-*", Deny("it is retired"), "retired"),
            Rule("all", Allow()),
            about("never-*", Deny("this is never reached"), "last"),
        )
    )
    line = starts(policy)
    assert line == (
        "with approval from @leads within 1 h for prod-*; no, it is retired, for old-*; otherwise yes (rule “all”)"
    )


def test_only_rules_about_this_person_are_told() -> None:
    """Rules about other people aren't shown."""
    policy = Policy(
        (replace(about("prod-*", Allow(), "leads"), who=Who(groups=frozenset({"@leads"}))), Rule("all", Allow()))
    )
    assert starts(policy) == "yes (rule “all”)"


def test_a_denied_override_is_a_case_of_starting() -> None:
    """A rule that denies branches is shown as a case of starting."""
    rule = Rule("own", Deny("branches are fixed"), what=START, which=Which(branch=Overrides()))
    assert "for any other branch" in starts(Policy((rule, Rule("all", Allow()))))


def test_of_many_cases_the_first_are_told_and_the_rest_counted() -> None:
    """The first cases are shown and the rest are counted, because a message's length is limited."""
    policy = Policy((*(about(f"s{number}-*", Allow()) for number in range(CASES_MOST + 3)), Rule("all", Allow())))
    line = starts(policy)
    assert f"s{CASES_MOST - 1}-*" in line
    assert f"s{CASES_MOST}-*" not in line
    assert "3 more rules" in line


@pytest.mark.parametrize(
    ("person", "words"),
    [
        (replace(ADA, roles=frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})), "an owner of this workspace"),
        (replace(ADA, roles=frozenset({Role.GUEST})), "a guest in this workspace"),
        (replace(ADA, roles=frozenset({Role.EXTERNAL})), "another organization"),
        (replace(ADA, roles=frozenset()), "active"),
        (replace(ADA, roles=None, why="Slack doesn't tell"), "find out"),
    ],
)
def test_the_highest_role_is_told(person: Person, words: str) -> None:
    """The highest role is shown, or else the reason why it isn't known."""
    text = said(whoami(DEFAULT_POLICY, person, HERE).text)
    assert words in text
    assert person.why in text
