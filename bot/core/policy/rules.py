"""Who may do what: rules from top to bottom, and the first that fits decides.

Nothing is asked for here. What is not known of a person, a place or a schedule is None, and a rule that would need it fits
neither yes nor no: whoever acts is refused then, and whoever only reads goes on to the next rule.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role

WITHIN_S = 1800.0
# Several commands in one, and what a shell puts in their place: no pattern of words sees what is done there.
_SHELL = re.compile(r"[\x00;&|<>$`(){}\\\n\r#!~*?\[\]]")
# Stands for commands of which nobody knows what they are: it fits no pattern.
UNKNOWN_COMMAND = "\0"
ANY_WORDS = "**"


class Action(StrEnum):
    """What is asked for."""

    START = "start"
    RETRY = "retry"
    CANCEL = "cancel"
    PAUSE = "pause"
    READ = "read"
    LOGS = "logs"
    ARTIFACTS = "artifacts"
    AUDIT = "audit"

    @property
    def acts(self) -> bool:
        """Whether it changes something, and is refused where a rule cannot be decided."""
        return self in {Action.START, Action.RETRY, Action.CANCEL, Action.PAUSE}


@dataclass(frozen=True, slots=True)
class Target:
    """Which schedule; `slug` is None where there is one and nobody knows which, and empty where it is about none.

    `branch` and `commands` are what somebody gave instead of the schedule's own.
    """

    slug: str | None = ""
    name: str = ""
    owner: str | None = ""
    branch: str | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody wants. `posts`: it makes something appear that everybody in the channel sees."""

    action: Action
    target: Target = field(default_factory=Target)
    posts: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """Each list that is given has to hold the person. Empty ones are not given."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Where:
    """`channels`: ids, and patterns of names without their #. `shared` None: not given."""

    channels: tuple[str, ...] = ()
    kinds: frozenset[ChannelKind] = frozenset()
    shared: bool | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """What may be given instead of a schedule's own: anything, nothing, or what fits one of the patterns."""

    any: bool = True
    patterns: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether nothing may be given."""
        return not self.any and not self.patterns


@dataclass(frozen=True, slots=True)
class Which:
    """Patterns of a schedule's name or slug, and of its owner. `branch` and `commands` None: not given."""

    schedules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    branch: Overrides | None = None
    commands: Overrides | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """It may be done."""


@dataclass(frozen=True, slots=True)
class Deny:
    """It may not, for a reason that the person sees."""

    reason: str


@dataclass(frozen=True, slots=True)
class Approve:
    """It may be done once somebody else of the group `by` has said so, within so many seconds."""

    by: str
    within_s: float = WITHIN_S


Effect = Allow | Deny | Approve


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `line` is where it begins in its file; without `what` it is about everything."""

    name: str
    effect: Effect
    who: Who = field(default_factory=Who)
    where: Where = field(default_factory=Where)
    what: frozenset[Action] = frozenset()
    which: Which = field(default_factory=Which)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in their order. `is_default`: no file was given."""

    rules: tuple[Rule, ...]
    is_default: bool = False

    @property
    def groups(self) -> frozenset[str]:
        """Every user group that is named, as it is called there."""
        named = {group for rule in self.rules for group in rule.who.groups}
        return frozenset(named | {rule.effect.by for rule in self.rules if isinstance(rule.effect, Approve)})

    @property
    def admits_external(self) -> bool:
        """Whether a rule lets people of other organisations do anything."""
        return any(_names_external(rule) and not isinstance(rule.effect, Deny) for rule in self.rules)

    @property
    def asks_domain(self) -> bool:
        """Whether a rule depends on anybody's e-mail address."""
        return any(rule.who.domains for rule in self.rules)

    @property
    def asks_owner(self) -> bool:
        """Whether a rule depends on who owns a schedule."""
        return any(rule.which.owners for rule in self.rules)


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


@dataclass(frozen=True, slots=True)
class RuleFit:
    """How a rule fits. `misses` are the words for what does not, or cannot be told; `fits` is None where that matters."""

    rule: Rule
    fits: bool | None
    misses: tuple[str, ...] = ()


BACKTICKS = (
    "a command with backticks (`) makes a shell run what's between them, so the policy has to list it word for word"
)
NO_RULE = "no rule in the policy allows it"
NO_RULE_FOR_EXTERNAL = (
    "people from other organisations can do only what a rule for them allows, and no rule allows this"
)
NOT_FOR_APPROVAL = "the approval doesn't cover commands of your own"

# Without a file: members may do everything where they are, guests only read, people of other organisations may do nothing, and
# nothing is posted to channels that are shared outside.
DEFAULT = Policy(
    (
        Rule(
            "guests only read",
            Deny("guests can only read"),
            who=Who(roles=frozenset({Role.GUEST})),
            what=frozenset({Action.START, Action.RETRY, Action.CANCEL, Action.PAUSE, Action.AUDIT}),
        ),
        Rule(
            "the audit log is for admins",
            Allow(),
            who=Who(roles=frozenset({Role.ADMIN})),
            what=frozenset({Action.AUDIT}),
        ),
        Rule("the audit log is for admins", Deny("only admins can"), what=frozenset({Action.AUDIT})),
        Rule("everyone reads", Allow(), what=frozenset({Action.READ, Action.LOGS, Action.ARTIFACTS})),
        Rule(
            "members do everything",
            Allow(),
            who=Who(roles=frozenset({Role.MEMBER})),
            which=Which(commands=Overrides()),
        ),
    ),
    is_default=True,
)


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
    return Decision(Verdict.DENY, reason=NO_RULE_FOR_EXTERNAL if _is_external(person) else NO_RULE)


def _said(rule: Rule, place: ChannelInfo, question: Question) -> Decision:
    """What a rule that fits says."""
    match rule.effect:
        case Deny(reason):
            return Decision(Verdict.DENY, rule.name, reason)
        case _ if _not_listed((rule,), question.target.commands):
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


def with_backticks(policy: Policy, commands: tuple[str, ...]) -> tuple[str, ...]:
    """The commands that have backticks in them and that no rule but a refusal lists word for word.

    That a rule allows any command does not allow these: they come with text that was copied with its formatting.
    """
    return _not_listed([rule for rule in policy.rules if not isinstance(rule.effect, Deny)], commands)


def _not_listed(rules: Sequence[Rule], commands: tuple[str, ...]) -> tuple[str, ...]:
    listed = {pattern for rule in rules if rule.which.commands for pattern in rule.which.commands.patterns}
    return tuple(one for one in commands if "`" in one and one not in listed)


def fits(policy: Policy, person: Person, place: ChannelInfo, question: Question) -> Iterable[RuleFit]:
    """How each rule fits, in their order."""
    admits_external = policy.admits_external
    return (_fit(rule, person, place, question, admits_external=admits_external) for rule in policy.rules)


def _fit(rule: Rule, person: Person, place: ChannelInfo, question: Question, *, admits_external: bool) -> RuleFit:
    if rule.what and question.action not in rule.what:
        return RuleFit(rule, fits=False, misses=(f"it isn't about {question.action}",))
    answers = {
        "the user": _holds(rule.who.users, person.user),
        "the role": _role(rule, person, admits_external=admits_external),
        "the user group": _common(rule.who.groups, person.groups),
        "the e-mail address": _holds(rule.who.domains, person.domain),
        "the channel": _channel(rule.where.channels, place),
        "the kind of channel": _holds(rule.where.kinds, place.kind),
        "whether the channel is shared outside": _shared(rule, place, question),
        "the schedule": _schedule(rule.which.schedules, question.target),
        "the owner": _owner(rule.which.owners, question.target),
        "the branch": _branch(rule, question.target),
        "the commands": _commands(rule, question.target),
    }
    no = tuple(name for name, answer in answers.items() if answer is False)
    if no:
        return RuleFit(rule, fits=False, misses=no)
    unknown = tuple(name for name, answer in answers.items() if answer is None)
    return RuleFit(rule, fits=None if unknown else True, misses=unknown)


def _role(rule: Rule, person: Person, *, admits_external: bool) -> bool | None:
    """People of other organisations are let in by rules that name them, in so many words; a refusal for everyone is for them too.

    Unless some rule lets them in, they have been turned away before: then whoever asks here is one of ours.
    """
    if (
        isinstance(rule.effect, Deny)
        or _names_external(rule)
        or not _may_be_external(person, admits_external=admits_external)
    ):
        return _common(rule.who.roles, person.roles)
    return None if person.roles is None else False


def _may_be_external(person: Person, *, admits_external: bool) -> bool:
    return admits_external if person.roles is None else Role.EXTERNAL in person.roles


def _is_external(person: Person) -> bool:
    return person.roles is not None and Role.EXTERNAL in person.roles


def _names_external(rule: Rule) -> bool:
    return Role.EXTERNAL in rule.who.roles


def _holds(wanted: frozenset[str] | frozenset[ChannelKind], it: str | None) -> bool | None:
    if not wanted:
        return True
    return None if it is None else it in wanted


def _common(wanted: frozenset[Role] | frozenset[str], its: frozenset[Role] | frozenset[str] | None) -> bool | None:
    if not wanted:
        return True
    return None if its is None else bool(wanted & its)


def _channel(wanted: tuple[str, ...], place: ChannelInfo) -> bool | None:
    if not wanted or place.channel in wanted:
        return True
    if place.name is None:
        # By their ids alone the channel is none of them.
        return None if any(one.startswith("#") for one in wanted) else False
    return any(one.startswith("#") and _like(one[1:], place.name) for one in wanted)


def _shared(rule: Rule, place: ChannelInfo, question: Question) -> bool | None:
    wanted = rule.where.shared
    if wanted is None:
        # To post where others look in has to be allowed in so many words. Of an approval see `_lacking`.
        if not isinstance(rule.effect, Allow) or not question.posts:
            return True
        wanted = False
    return None if place.shared is None else place.shared == wanted


def _schedule(wanted: tuple[str, ...], target: Target) -> bool | None:
    if not wanted:
        return True
    if target.slug is None:
        return None
    return any(_like(one, it) for one in wanted for it in (target.slug, target.name) if it)


def _owner(wanted: tuple[str, ...], target: Target) -> bool | None:
    if not wanted:
        return True
    if target.owner is None or target.slug is None:
        return None
    return any(_like(one, target.owner) for one in wanted)


def _branch(rule: Rule, target: Target) -> bool:
    wanted, given = rule.which.branch, target.branch
    if wanted is None:
        return True
    return _overridden(rule, wanted, () if given is None else (given,), lambda pattern, one: fnmatchcase(one, pattern))


def _commands(rule: Rule, target: Target) -> bool:
    wanted, given = rule.which.commands, target.commands
    if wanted is None:
        # They are the sharpest tool: off, unless a rule names them. Of an approval see `_lacking`.
        return not isinstance(rule.effect, Allow) or not given
    if isinstance(rule.effect, Allow):
        return _overridden(rule, wanted, given, fits_command)
    # What cannot be read word by word may be what is meant.
    return _overridden(rule, wanted, given, lambda pattern, one: fits_command(pattern, one) or not _is_plain(one))


def _overridden(rule: Rule, wanted: Overrides, given: tuple[str, ...], like: Callable[[str, str], bool]) -> bool:
    """Whether what was given instead of a schedule's own is what a rule is about.

    Who gives nothing needs no leave for it, and is not refused because of it. All of it has to be allowed; one of it is
    enough for a refusal, or an approval.
    """
    if not given:
        return wanted.none or not isinstance(rule.effect, Deny)
    fitting = [any(like(pattern, one) for pattern in wanted.patterns) for one in given]
    return wanted.any or (all(fitting) if isinstance(rule.effect, Allow) else any(fitting))


def fits_command(pattern: str, command: str) -> bool:
    """Whether a command fits a pattern, word for word.

    A `*` stands for any part of one word, but begins no option; a last word `**` stands for any further ones, options too.
    What a shell would read as more than words fits only where the pattern is that very command.
    """
    if pattern == command:
        return True
    if not _is_plain(command):
        return False
    try:
        given, wanted = shlex.split(command), shlex.split(pattern)
    except ValueError:
        return False
    if wanted and wanted[-1] == ANY_WORDS:
        wanted.pop()
        given = given[: len(wanted)]
    return len(given) == len(wanted) and all(map(_fits_word, given, wanted))


def _fits_word(given: str, pattern: str) -> bool:
    return fnmatchcase(given, pattern) and (not given.startswith("-") or pattern.startswith("-"))


def _is_plain(command: str) -> bool:
    """Whether a shell would read a command as words and nothing else."""
    if _SHELL.search(command):
        return False
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False


def _like(pattern: str, it: str) -> bool:
    return fnmatchcase(it.casefold(), pattern.casefold())


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
