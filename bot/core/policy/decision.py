"""Who may do what: rules from top to bottom, and the first that fits decides.

Nothing is asked for here. What is not known of a person, a place or a schedule is None, and a rule that would need it fits
neither yes nor no: whoever acts is refused then, and whoever only reads goes on to the next rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.model.channel import ChannelInfo
from bot.core.model.person import Person
from bot.core.policy.matching import RuleFit, fits, is_external, unlisted_commands
from bot.core.policy.rules import WITHIN_S, Action, Allow, Approve, Deny, Policy, Question, Rule


class Verdict(StrEnum):
    """What a decision comes to. Unknown is a refusal, too: something that it depends on could not be read."""

    ALLOW = "allow"
    DENY = "deny"
    APPROVE = "approve"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """What holds. `rule` is the name of the rule that decided, empty where none did; `reason` tells why it is refused.

    `by` is the group that may approve it. `by_default`: there is no policy's file. `again_s`: what is unknown may be known after so
    many seconds; 0 if asking again would not help.
    """

    verdict: Verdict
    rule: str = ""
    reason: str = ""
    by: str = ""
    within_s: float = WITHIN_S
    by_default: bool = False
    again_s: float = 0.0

    @property
    def allowed(self) -> bool:
        """Whether it may be done at once."""
        return self.verdict is Verdict.ALLOW


BACKTICKS = (
    "a command with backticks (`) makes a shell run what's between them, so the policy has to list it word for word"
)

NO_RULE = "no rule in the policy allows it"

NO_RULE_FOR_EXTERNAL = (
    "people from other organisations can do only what a rule for them allows, and no rule allows this"
)

NOT_FOR_APPROVAL = "the approval doesn't cover commands of your own"


def decide(policy: Policy, person: Person, place: ChannelInfo, question: Question) -> Decision:
    """What the first rule that fits says. A refusal names what was given instead of the schedule's own, if that is its reason."""
    decision = _decided(policy, person, place, question)
    if decision.verdict is Verdict.DENY:
        decision = replace(decision, reason=_because(policy, person, place, question, decision))
    return replace(decision, by_default=policy.is_default)


def _because(policy: Policy, person: Person, place: ChannelInfo, question: Question, decision: Decision) -> str:
    """Why it is refused: what was given instead of the schedule's own, if without it nothing would be in the way."""
    if decision.reason in {NOT_FOR_APPROVAL, BACKTICKS} or _is_about_overrides(policy, decision):
        return decision.reason
    target, retries = question.target, question.action is Action.RETRY
    commands = "the run's own commands, which aren't its schedule's," if retries else "commands of your own (--command)"
    branch = "the run's branch, which isn't its schedule's," if retries else "another branch (--branch)"
    lesser = (
        (f"{commands} aren't allowed", bool(target.commands), replace(target, commands=())),
        (f"{branch} isn't allowed", target.branch is not None, replace(target, branch=None)),
        (
            f"{commands} and {branch} aren't allowed",
            bool(target.commands) and target.branch is not None,
            replace(target, commands=(), branch=None),
        ),
    )
    for why, given, without in lesser:
        if given and _decided(policy, person, place, replace(question, target=without)).verdict in {
            Verdict.ALLOW,
            Verdict.APPROVE,
        }:
            return why if decision.reason in {NO_RULE, NO_RULE_FOR_EXTERNAL} else f"{decision.reason}; {why}"
    return decision.reason


def _is_about_overrides(policy: Policy, decision: Decision) -> bool:
    """Whether the refusal is by a rule about commands or branches: whoever wrote it has said why."""
    return any(
        rule.name == decision.rule
        and rule.effect == Deny(decision.reason)
        and (rule.which.commands is not None or rule.which.branch is not None)
        for rule in policy.rules
    )


def _decided(policy: Policy, person: Person, place: ChannelInfo, question: Question) -> Decision:
    unsure: RuleFit | None = None
    for fit in fits(policy, person, place, question):
        if fit.fits is False:
            continue
        rule = fit.rule
        if fit.fits is None:
            # Who only reads is let through by a later rule; but nobody passes by a refusal that may be meant for them.
            if question.action.acts or isinstance(rule.effect, Deny):
                return Decision(Verdict.UNKNOWN, rule.name, _unknown(person, place, fit))
            unsure = unsure or fit
            continue
        return _said(rule, place, question)
    if question.posts and place.shared is not False:
        return Decision(Verdict.DENY if place.shared else Verdict.UNKNOWN, reason=_not_posted(place))
    if unsure is not None:
        return Decision(Verdict.UNKNOWN, unsure.rule.name, _unknown(person, place, unsure))
    return Decision(Verdict.DENY, reason=NO_RULE_FOR_EXTERNAL if is_external(person) else NO_RULE)


def _said(rule: Rule, place: ChannelInfo, question: Question) -> Decision:
    """What a rule that fits says."""
    match rule.effect:
        case Deny(reason):
            return Decision(Verdict.DENY, rule.name, reason)
        case _ if unlisted_commands((rule,), question.target.commands):
            return Decision(Verdict.DENY, rule.name, BACKTICKS)
        case Allow():
            return Decision(Verdict.ALLOW, rule.name)
        case Approve(by, within_s):
            return _lacking(rule, place, question) or Decision(Verdict.APPROVE, rule.name, by=by, within_s=within_s)


def _lacking(rule: Rule, place: ChannelInfo, question: Question) -> Decision | None:
    """Why not even an approval helps. Who asks for more than may be approved must not come by to a rule that asks for less."""
    if rule.which.commands is None and question.target.commands:
        return Decision(Verdict.DENY, rule.name, NOT_FOR_APPROVAL)
    if rule.where.shared is None and question.posts and place.shared is not False:
        return Decision(Verdict.DENY if place.shared else Verdict.UNKNOWN, rule.name, _not_posted(place))
    return None


def _unknown(person: Person, place: ChannelInfo, fit: RuleFit) -> str:
    """What could not be read, in the words of whoever tried."""
    about_place = {"the channel", "the kind of channel", "whether the channel is shared outside"}
    about_person = {"the role", "the user group", "the e-mail address"}
    if place.why and about_place & set(fit.misses):
        return place.why
    if person.why and about_person & set(fit.misses):
        return person.why
    return f"I couldn't find out {fit.misses[0]}, which a rule depends on"


def _not_posted(place: ChannelInfo) -> str:
    if place.shared:
        return "this channel is shared with another organisation, and I don't post there unless the policy allows it"
    return place.why or "I couldn't find out whether this channel is shared with another organisation"
