"""Explaining a policy decision: how each rule matches a request."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.model.bolt import Schedule
from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.decision import Verdict, decide
from bot.core.policy.matching import fits
from bot.core.policy.rules import Action, Allow, Approve, Deny, Effect, Policy, Question, Target
from bot.core.text.text import duration

# An owner is also an admin, and an admin also a member.
IMPLIED = {Role.OWNER: {Role.ADMIN, Role.MEMBER}, Role.ADMIN: {Role.MEMBER}}


@dataclass(frozen=True, slots=True)
class PolicyArguments:
    """The arguments of the command line.

    If missing, the `role` of `user` and the `kind` of `channel` are read from Slack.
    """

    user: str
    channel: str
    action: Action
    schedule: str = ""
    branch: str | None = None
    commands: tuple[str, ...] = ()
    role: Role | None = None
    groups: tuple[str, ...] = ()
    domain: str | None = None
    kind: ChannelKind | None = None
    channel_name: str | None = None
    shared: bool = False
    owner: str | None = None

    @property
    def whole(self) -> bool:
        """Whether the arguments suffice without asking Slack."""
        return self.role is not None and (self.kind is not None or self.channel.startswith("D"))


def from_given(given: PolicyArguments) -> tuple[Person, ChannelInfo, Target]:
    """Build the facts from the command line alone."""
    held = frozenset({given.role} | IMPLIED.get(given.role, set())) if given.role else None
    person = Person(given.user, held, frozenset(given.groups), given.domain)
    direct = given.channel.startswith("D")
    name = given.channel_name.removeprefix("#") if given.channel_name else None
    channel_info = ChannelInfo(
        given.channel, "" if direct else name, ChannelKind.DIRECT if direct else given.kind, given.shared
    )
    return person, channel_info, target(given, None)


def target(given: PolicyArguments, found: Schedule | None) -> Target:
    """Build the target: the schedule as Bolt returns it, with the command line's overrides."""
    slug = found.slug if found else given.schedule
    name = found.name if found else given.schedule
    owner = given.owner if given.owner is not None else (found.owner or "") if found else None
    return Target(slug, name, owner if given.schedule else "", given.branch, given.commands)


def explained(
    policy: Policy, person: Person, channel_info: ChannelInfo, wanted: Target, action: Action
) -> Iterator[str]:
    """Yield the explanation line by line: the facts, how each rule matches, and the decision."""
    posts = action in {Action.START, Action.RETRY, Action.WATCH}
    question = Question(action, wanted, posts=posts)
    yield (
        f"who:    {person.user}, roles: {_listed(person.roles)}, user groups: {_listed(person.groups)}, "
        f"email domain: {person.domain or 'unknown'}"
    )
    yield f"where:  {channel_info.channel} {channel_info.name or ''}, {channel_info.kind or 'unknown kind'}, {_shared(channel_info)}".replace(
        " ,", ","
    )
    yield f"what:   {action} {wanted.name}".rstrip()
    for why in filter(None, (person.why, channel_info.why)):
        yield f"note:   {why}."
    yield ""
    for number, fit in enumerate(fits(policy, person, channel_info, question), start=1):
        word = {True: "matches:", False: "doesn't match:", None: "can't be decided without knowing"}[fit.fits]
        because = ", ".join(fit.misses) if fit.misses else _effect(fit.rule.effect)
        line = f" (line {fit.rule.line})" if fit.rule.line else ""
        yield f"rule {number}{line} “{fit.rule.name}” {word} {because}"
        if fit.fits:
            break
    decision = decide(policy, person, channel_info, question)
    yield ""
    said = {
        Verdict.ALLOW: "allowed",
        Verdict.DENY: f"refused: {decision.reason}",
        Verdict.APPROVE: f"allowed with approval from {decision.by}, within {duration(decision.within_s)}",
        Verdict.UNKNOWN: f"refused: {decision.reason}",
    }[decision.verdict]
    yield said


def _listed(words: frozenset[Role] | frozenset[str] | None) -> str:
    if words is None:
        return "unknown"
    return " ".join(sorted(words)) or "none"


def _shared(channel_info: ChannelInfo) -> str:
    words = {True: "shared with another organization", False: "not shared", None: "unknown whether it's shared"}
    return words[channel_info.shared]


def _effect(effect: Effect) -> str:
    match effect:
        case Allow():
            return "allow"
        case Deny(reason):
            return f"deny ({reason})"
        case Approve(by, within_s):
            return f"require approval from {by} within {duration(within_s)}"
