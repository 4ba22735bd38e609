"""Why somebody can't do something: the reason, what wasn't done, and the next step.

Decisions are tested in test_decision.py.
"""

from __future__ import annotations

import pytest

from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action

DENIED = Decision(Verdict.DENY, "production", "only @leads may do that")


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.APPROVE, Verdict.UNKNOWN])
def test_every_refusal_is_whole_sentences(action: Action, verdict: Verdict) -> None:
    """Every refusal has whole sentences, and says that nothing was done only if the action would change something."""
    said = refusal(Decision(verdict, "production", "it is so", "@leads"), action)
    assert said.endswith(".")
    assert "  " not in said
    assert ("Nothing was" in said) is action.acts


def test_the_rule_that_decided_is_named() -> None:
    """The rule is named so that its author can be asked; a default rule has no author."""
    assert "“production”" in refusal(DENIED, Action.START)
    assert "“" not in refusal(Decision(Verdict.DENY, "guests", "guests can only read", by_default=True), Action.START)


def test_what_may_be_done_can_be_asked_for() -> None:
    """A refusal suggests whoami if the name of the slash command is known."""
    assert "/dbt whoami" in refusal(DENIED, Action.CANCEL, "/dbt")
    assert "whoami" not in refusal(DENIED, Action.CANCEL)


def test_what_could_not_be_read_is_no_rules_refusal() -> None:
    """If a fact couldn't be read, the refusal gives that reason and names no rule."""
    unknown = Decision(Verdict.UNKNOWN, "production", "Slack doesn't tell who you are")
    said = refusal(unknown, Action.START, "/dbt")
    assert said.startswith("Slack doesn't tell who you are. ")
    assert "production" not in said


def test_who_could_approve_is_named() -> None:
    """The refusal names the group that could approve."""
    assert "@leads" in refusal(Decision(Verdict.APPROVE, "production", by="@leads"), Action.START)


def test_what_the_person_wanted_may_be_more_than_the_action() -> None:
    """A refusal says what the person wanted to do, if that's more specific than the action."""
    assert refusal(DENIED, Action.AUDIT, doing="see what other channels watch").startswith(
        "You can't see what other channels watch here: "
    )
