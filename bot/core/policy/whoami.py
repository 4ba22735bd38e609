"""The answer to `whoami`: what a person may do in a channel, and by which rule."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.decision import decide
from bot.core.policy.matching import fits
from bot.core.policy.rules import Action, Allow, Approve, Deny, Overrides, Policy, Question, Rule, Which
from bot.core.text.message import Facts, Message, Paragraph
from bot.core.text.text import Bold, Mention, Sentence, Span, cut, duration, plural

DOING = {
    Action.START: "start schedules",
    Action.RETRY: "retry runs",
    Action.CANCEL: "cancel runs",
    Action.PAUSE: "pause and resume schedules",
    Action.READ: "read schedules and runs",
    Action.LOGS: "read logs",
    Action.ARTIFACTS: "read artifacts",
    Action.AUDIT: "read the audit log",
    Action.WATCH: "watch schedules",
}
STARTS = frozenset({Action.START, Action.RETRY})
# A watch posts to the channel too.
POSTS = STARTS | {Action.WATCH}
CASES_MOST = 4
RULE_SHOWN = 80


def whoami(policy: Policy, person: Person, channel_info: ChannelInfo) -> Message:
    """Show the person's role and groups, and a line for each action."""
    first: Sentence = ("You are ", Mention(person.user), *_is(person), _where(channel_info))
    lines = [(Bold(DOING[action].capitalize()), ": ", *_may(policy, person, channel_info, action)) for action in Action]
    spans: list[Span] = []
    for at, line in enumerate(lines):
        spans += ["\n" if at else "", *line]
    kind = "No policy is set, so the default rules apply." if policy.is_default else "Based on this bot's policy."
    facts: Sentence = (
        kind,
        *((f" {person.why}.",) if person.why else ()),
        *((f" {channel_info.why}.",) if channel_info.why else ()),
    )
    return Message((*first, " ", *spans, "\n", *facts), (Paragraph((*first,)), Paragraph(tuple(spans)), Facts(facts)))


def _is(person: Person) -> list[Span]:
    if person.roles is None:
        return [" (I couldn't find out your role in this workspace)"]
    names = {
        Role.OWNER: ", an owner of this workspace",
        Role.ADMIN: ", an admin of this workspace",
        Role.MEMBER: ", a member of this workspace",
        Role.GUEST: ", a guest in this workspace",
        Role.EXTERNAL: ", from another organization",
    }
    role = next((words for role, words in names.items() if role in person.roles), ", whose account isn't active")
    groups = f", in {', '.join(sorted(person.groups))}" if person.groups else ""
    return [f"{role}{groups}"]


def _where(channel_info: ChannelInfo) -> str:
    if channel_info.kind is ChannelKind.DIRECT:
        return ". What you can do in a direct message:"
    return (
        ". What you can do in this channel, which is shared with another organization:"
        if channel_info.shared
        else ". What you can do here:"
    )


def _may(policy: Policy, person: Person, channel_info: ChannelInfo, action: Action) -> list[Span]:
    """Describe one action. Rules about only some schedules are listed as cases, up to the first that covers all."""
    question = Question(action, posts=action in POSTS)
    cases: list[Rule] = []
    for rule, fit in zip(policy.rules, fits(_about_anything(policy), person, channel_info, question), strict=True):
        if fit.fits is False:
            continue
        if fit.fits is None or not _is_about_some(rule, action):
            break
        cases.append(rule)
    final = decide(_about_the_rest(policy), person, channel_info, question)
    spans: list[Span] = []
    for rule in cases[:CASES_MOST]:
        spans += [f"{_verdict(rule)} for {_some(rule)}; "]
    if len(cases) > CASES_MOST:
        spans.append(f"{plural(len(cases) - CASES_MOST, 'more rule')} about some schedules; ")
    word = {"allow": "yes", "approve": f"with approval from {final.by}"}.get(final.verdict, f"no, {final.reason}")
    by = f" (rule “{cut(final.rule, RULE_SHOWN)}”)" if final.rule and not policy.is_default else ""
    return [*spans, f"{'otherwise ' if cases else ''}{word}{by}"]


def _is_about_some(rule: Rule, action: Action) -> bool:
    which = rule.which
    by_override = (
        action in STARTS
        and isinstance(rule.effect, Deny)
        and (_some_given(which.branch) or _some_given(which.commands))
    )
    return bool(which.schedules or which.owners or by_override)


def _some_given(overrides: Overrides | None) -> bool:
    return overrides is not None and not overrides.none


def _about_anything(policy: Policy) -> Policy:
    """Copy the rules with their conditions on schedules and overrides removed."""
    return Policy(tuple(replace(rule, which=Which()) for rule in policy.rules), policy.is_default)


def _about_the_rest(policy: Policy) -> Policy:
    """Keep only the rules that apply to every schedule."""
    kept = tuple(rule for rule in policy.rules if not rule.which.schedules and not rule.which.owners)
    return Policy(kept, policy.is_default)


def _verdict(rule: Rule) -> str:
    match rule.effect:
        case Allow():
            return "yes"
        case Deny(reason):
            return f"no, {reason},"
        case Approve(by, within_s):
            return f"with approval from {by} within {duration(within_s)}"


def _some(rule: Rule) -> str:
    """Describe a rule's conditions on schedules and overrides."""
    which, parts = rule.which, []
    if which.schedules:
        parts.append(", ".join(which.schedules))
    if which.owners:
        parts.append(f"schedules owned by {', '.join(which.owners)}")
    if _some_given(which.branch) and which.branch:
        parts.append(f"branch {', '.join(which.branch.patterns)}" if which.branch.patterns else "any other branch")
    if _some_given(which.commands) and which.commands:
        parts.append(
            f"commands {', '.join(which.commands.patterns)}" if which.commands.patterns else "your own commands"
        )
    return cut(" · ".join(parts), 200)
