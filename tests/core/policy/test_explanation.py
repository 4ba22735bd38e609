"""`bolt-bot policy explain`: the facts, how each rule fits, and the decision."""

from __future__ import annotations

from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role
from bot.core.policy.explanation import PolicyArguments, explained, from_given, target
from bot.core.policy.rules import Action, Allow, Approve, Deny, Policy, Rule, Where, Which, Who

GIVEN = PolicyArguments(
    "U1", "C1", Action.START, "prod-a", role=Role.MEMBER, kind=ChannelKind.PUBLIC, channel_name="#data"
)
NIGHTLY = Schedule(1, "u", "Nightly full build", "nightly", "OFF", "ui", owner="ada@example.com")


def lines(policy: Policy, given: PolicyArguments = GIVEN) -> list[str]:
    """The printed lines."""
    person, channel_info, wanted = from_given(given)
    return list(explained(policy, person, channel_info, wanted, given.action))


def test_a_role_implies_the_lesser_ones() -> None:
    """An owner also counts as an admin and a member; if no role is given, none is known."""
    person, _, _ = from_given(PolicyArguments("U1", "C1", Action.READ, role=Role.OWNER))
    assert person.roles == frozenset({Role.OWNER, Role.ADMIN, Role.MEMBER})
    person, _, _ = from_given(PolicyArguments("U1", "C1", Action.READ))
    assert person.roles is None


def test_slack_is_asked_only_for_what_is_not_given() -> None:
    """Slack is asked only for facts that aren't given; a direct message is recognized by its id."""
    assert GIVEN.whole
    assert not PolicyArguments("U1", "C1", Action.READ, role=Role.MEMBER).whole
    assert not PolicyArguments("U1", "D1", Action.READ).whole
    direct = PolicyArguments("U1", "D1", Action.READ, role=Role.MEMBER, channel_name="x")
    assert direct.whole
    _, channel_info, _ = from_given(direct)
    assert (channel_info.kind, channel_info.name) == (ChannelKind.DIRECT, "")


def test_bolt_tells_what_a_schedule_is_unless_it_is_given() -> None:
    """The slug, name and owner come from Bolt, unless an owner is given."""
    found = target(PolicyArguments("U1", "C1", Action.START, "Nightly full build"), NIGHTLY)
    assert (found.slug, found.name, found.owner) == ("nightly", "Nightly full build", "ada@example.com")
    assert target(PolicyArguments("U1", "C1", Action.START, "nightly", owner="bob"), NIGHTLY).owner == "bob"
    assert target(PolicyArguments("U1", "C1", Action.START, "nightly"), None).owner is None
    assert target(PolicyArguments("U1", "C1", Action.AUDIT), None).owner == ""


def test_rules_are_explained_up_to_the_one_that_decides() -> None:
    """Each rule up to the deciding one is shown with its line, and why it fits, doesn't fit or can't be decided."""
    policy = Policy(
        (
            Rule("elsewhere", Allow(), where=Where(channels=("ops",)), line=3),
            Rule("owned", Allow(), which=Which(owners=("ada@*",)), line=9),
            Rule("production", Approve("@leads", 3600), which=Which(schedules=("prod-*",)), line=15),
            Rule("all", Deny("not today"), line=20),
        )
    )
    told = lines(policy)
    rules = [line for line in told if line.startswith("rule")]
    assert len(rules) == 3
    assert rules[0].startswith("rule 1 (line 3) “elsewhere” doesn't match: ")
    assert rules[1].startswith("rule 2 (line 9) “owned” can't be decided without knowing the owner")
    assert rules[2] == "rule 3 (line 15) “production” matches: require approval from @leads within 1 h"
    assert told[-1].startswith("refused: ")


def test_the_last_line_is_what_holds() -> None:
    """The last line says allowed, refused with the reason, or allowed with an approval."""
    for effect, last in (
        (Allow(), "allowed"),
        (Deny("not today"), "refused: not today"),
        (Approve("@leads", 3600), "allowed with approval from @leads, within 1 h"),
    ):
        assert lines(Policy((Rule("all", effect, who=Who(users=frozenset({"U1"}))),)))[-1] == last


def test_what_is_unknown_is_told_as_that() -> None:
    """Unknown facts are shown as unknown, never guessed."""
    who, where, *_ = lines(Policy(()), PolicyArguments("U1", "C1", Action.START))
    assert who.count("unknown") == 2
    assert "unknown" in where
