"""Why somebody may not do something: the reason, what was not done, and the next step."""

from __future__ import annotations

import pytest

from bot.core.policy.decision import Decision, Verdict
from bot.core.policy.refusal import refusal
from bot.core.policy.rules import Action

DENIED = Decision(Verdict.DENY, "production", "only @leads may do that")


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("verdict", [Verdict.DENY, Verdict.APPROVE, Verdict.UNKNOWN])
def test_every_refusal_is_whole_sentences(action: Action, verdict: Verdict) -> None:
    """Whatever is asked for. Of what only reads, nothing is said to have been left undone."""
    said = refusal(Decision(verdict, "production", "it is so", "@leads"), action)
    assert said.endswith(".")
    assert "  " not in said
    assert ("Nothing was" in said) is action.acts


def test_the_rule_that_decided_is_named() -> None:
    """So that its author can be asked; the usual rules have no author."""
    assert "“production”" in refusal(DENIED, Action.START)
    assert "“" not in refusal(Decision(Verdict.DENY, "guests", "guests can only read", by_default=True), Action.START)


def test_what_may_be_done_can_be_asked_for() -> None:
    """Where it is known how commands begin."""
    assert "/dbt whoami" in refusal(DENIED, Action.CANCEL, "/dbt")
    assert "whoami" not in refusal(DENIED, Action.CANCEL)


def test_what_could_not_be_read_is_no_rules_refusal() -> None:
    """The reason alone: asking again may help, and no rule has said no."""
    unknown = Decision(Verdict.UNKNOWN, "production", "Slack doesn't tell who you are")
    said = refusal(unknown, Action.START, "/dbt")
    assert said.startswith("Slack doesn't tell who you are. ")
    assert "production" not in said


def test_who_could_approve_is_named() -> None:
    """For a click that can't ask for it."""
    assert "@leads" in refusal(Decision(Verdict.APPROVE, "production", by="@leads"), Action.START)


def test_what_the_person_wanted_may_be_more_than_the_action() -> None:
    """Then it's said."""
    assert refusal(DENIED, Action.AUDIT, doing="see what other channels watch").startswith(
        "You can't see what other channels watch here: "
    )
