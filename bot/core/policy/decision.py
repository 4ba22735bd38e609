"""Policy decisions: rules are read from top to bottom, and the first that matches decides.

Pure: nothing is fetched here. Unknown facts about a person, channel or schedule are None, and a rule that needs one
can't be decided. If a rule can't be decided, an action is refused; for a read, the next rule is tried.

`bot.flows.authorize` reads the facts and records the decision. `bot.flows.approve` checks who may approve a start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bot.core.model.channel import ChannelInfo
from bot.core.model.person import Person
from bot.core.policy.matching import RuleFit, fits, is_external, unlisted_commands
from bot.core.policy.rules import APPROVE_WITHIN_S, Action, Allow, Approve, Deny, Policy, Question, Rule


class Verdict(StrEnum):
    """Outcome of a decision. UNKNOWN refuses as well: a fact that the decision needs couldn't be read."""

    ALLOW = "allow"
    DENY = "deny"
    APPROVE = "approve"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision. `rule` is the name of the rule that decided, or empty if none did; `reason` is why it's refused.

    `by` is the group that may approve, for `within_s` seconds. `by_default`: there is no policy file. `again_s` is the
    number of seconds after which an unknown fact may be known, or 0 if asking again wouldn't help.
    """

    verdict: Verdict
    rule: str = ""
    reason: str = ""
    by: str = ""
    within_s: float = APPROVE_WITHIN_S
    by_default: bool = False
    again_s: float = 0.0

    @property
    def allowed(self) -> bool:
        """Whether the action may be carried out right away."""
        return self.verdict is Verdict.ALLOW


BACKTICKS = (
    "backticks (`) in a command make a shell run what's between them, "
    "so the policy has to list such a command word for word"
)

NO_RULE = "no rule in the policy allows it"

# Policy files from before there were watches don't mention them.
NO_RULE_FOR_WATCH = "no rule in the policy allows it (rules call this action “watch”)"

NO_RULE_FOR_EXTERNAL = (
    "people from other organizations can do only what a rule for them allows, and no rule allows this"
)

NOT_FOR_APPROVAL = "the approval doesn't cover commands that replace the schedule's own"


def decide(policy: Policy, person: Person, channel_info: ChannelInfo, question: Question) -> Decision:
    """Decide by the first rule that matches.

    If the refusal is because of overrides (commands or a branch instead of the schedule's own), the reason names them.
    """
    decision = _decided(policy, person, channel_info, question)
    if decision.verdict is Verdict.DENY:
        decision = replace(decision, reason=_because(policy, person, channel_info, question, decision))
    return replace(decision, by_default=policy.is_default)


def _because(policy: Policy, person: Person, channel_info: ChannelInfo, question: Question, decision: Decision) -> str:
    """The reason for a refusal. It names the overrides if the request would be allowed without them."""
    if decision.reason in {NOT_FOR_APPROVAL, BACKTICKS} or _is_about_overrides(policy, decision):
        return decision.reason
    target, retries = question.target, question.action is Action.RETRY
    commands = "the run's commands, which differ from its schedule's," if retries else "your own commands (--command)"
    branch = (
        "the run's branch, which differs from its schedule's,"
        if retries
        else "a branch other than the schedule's (--branch)"
    )
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
        if given and _decided(policy, person, channel_info, replace(question, target=without)).verdict in {
            Verdict.ALLOW,
            Verdict.APPROVE,
        }:
            return why if decision.reason in {NO_RULE, NO_RULE_FOR_EXTERNAL} else f"{decision.reason}; {why}"
    return decision.reason


def _is_about_overrides(policy: Policy, decision: Decision) -> bool:
    """Whether the refusal comes from a rule about commands or branches, whose own reason already explains it."""
    return any(
        rule.name == decision.rule
        and rule.effect == Deny(decision.reason)
        and (rule.which.commands is not None or rule.which.branch is not None)
        for rule in policy.rules
    )


def _decided(policy: Policy, person: Person, channel_info: ChannelInfo, question: Question) -> Decision:
    unsure: RuleFit | None = None
    for fit in fits(policy, person, channel_info, question):
        if fit.fits is False:
            continue
        rule = fit.rule
        if fit.fits is None:
            # A later rule may still allow a read. But a refusal that may apply must never be skipped.
            if question.action.acts or isinstance(rule.effect, Deny):
                return Decision(Verdict.UNKNOWN, rule.name, _unknown(person, channel_info, fit))
            unsure = unsure or fit
            continue
        return _said(rule, channel_info, question)
    if question.posts and channel_info.shared is not False:
        return Decision(Verdict.DENY if channel_info.shared else Verdict.UNKNOWN, reason=_not_posted(channel_info))
    if unsure is not None:
        return Decision(Verdict.UNKNOWN, unsure.rule.name, _unknown(person, channel_info, unsure))
    return Decision(Verdict.DENY, reason=_no_rule(person, question))


def _no_rule(person: Person, question: Question) -> str:
    if is_external(person):
        return NO_RULE_FOR_EXTERNAL
    return NO_RULE_FOR_WATCH if question.action is Action.WATCH else NO_RULE


def _said(rule: Rule, channel_info: ChannelInfo, question: Question) -> Decision:
    """The decision of a matching rule."""
    match rule.effect:
        case Deny(reason):
            return Decision(Verdict.DENY, rule.name, reason)
        case _ if unlisted_commands((rule,), question.target.commands):
            return Decision(Verdict.DENY, rule.name, BACKTICKS)
        case Allow():
            return Decision(Verdict.ALLOW, rule.name)
        case Approve(by, within_s):
            return _lacking(rule, channel_info, question) or Decision(
                Verdict.APPROVE, rule.name, by=by, within_s=within_s
            )


def _lacking(rule: Rule, channel_info: ChannelInfo, question: Question) -> Decision | None:
    """The refusal if even an approval isn't enough, else None.

    A request that exceeds what may be approved must not fall through to a rule that requires less.
    """
    if rule.which.commands is None and question.target.commands:
        return Decision(Verdict.DENY, rule.name, NOT_FOR_APPROVAL)
    if rule.where.shared is None and question.posts and channel_info.shared is not False:
        return Decision(Verdict.DENY if channel_info.shared else Verdict.UNKNOWN, rule.name, _not_posted(channel_info))
    return None


def _unknown(person: Person, channel_info: ChannelInfo, fit: RuleFit) -> str:
    """The sentence for a fact that couldn't be read, as its reader reported it."""
    about_channel = {"the channel", "the kind of channel", "whether the channel is shared with another organization"}
    about_person = {"the role", "the user group", "the email address"}
    if channel_info.why and about_channel & set(fit.misses):
        return channel_info.why
    if person.why and about_person & set(fit.misses):
        return person.why
    return f"I couldn't find out {fit.misses[0]}, which a rule depends on"


def _not_posted(channel_info: ChannelInfo) -> str:
    if channel_info.shared:
        return (
            "this channel is shared with another organization, and I post in such channels only if the policy allows it"
        )
    return channel_info.why or "I couldn't find out whether this channel is shared with another organization"
