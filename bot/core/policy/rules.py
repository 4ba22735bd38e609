"""The policy as data: rules in order, their conditions and effects.

`bot.core.policy.decision` applies them. A command's action is named in its module in `bot.slack.commands`, and
a button's action is named in `bot.core.views.buttons`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role

APPROVE_WITHIN_S = 1800.0
# A placeholder for commands that are unknown: it matches no pattern.
UNKNOWN_COMMAND = "\0"
ANY_WORDS = "**"


class Action(StrEnum):
    """The kinds of request that a policy decides on."""

    START = "start"
    RETRY = "retry"
    CANCEL = "cancel"
    PAUSE = "pause"
    READ = "read"
    LOGS = "logs"
    ARTIFACTS = "artifacts"
    AUDIT = "audit"
    WATCH = "watch"

    @property
    def acts(self) -> bool:
        """Whether the action changes something. Such an action is refused if a rule can't be decided."""
        return self in {Action.START, Action.RETRY, Action.CANCEL, Action.PAUSE, Action.WATCH}


@dataclass(frozen=True, slots=True)
class Target:
    """The schedule of a request. `slug` is None if it's unknown, and empty if the request isn't about a schedule.

    `branch` and `commands` are the overrides: given instead of the schedule's own.
    """

    slug: str | None = ""
    name: str = ""
    owner: str | None = ""
    branch: str | None = None
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A request to decide on. `posts`: whether it posts a message that everyone in the channel sees."""

    action: Action
    target: Target = field(default_factory=Target)
    posts: bool = False


@dataclass(frozen=True, slots=True)
class Who:
    """Conditions on the person: every non-empty field has to match the person."""

    users: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    roles: frozenset[Role] = frozenset()
    domains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Where:
    """Conditions on the channel. `shared` is None if not given.

    `channels`: ids, and patterns of names with a leading #.
    """

    channels: tuple[str, ...] = ()
    kinds: frozenset[ChannelKind] = frozenset()
    shared: bool | None = None


@dataclass(frozen=True, slots=True)
class Overrides:
    """The overrides that a rule covers: any, none, or those that match a pattern."""

    any: bool = True
    patterns: tuple[str, ...] = ()

    @property
    def none(self) -> bool:
        """Whether it covers no overrides."""
        return not self.any and not self.patterns


@dataclass(frozen=True, slots=True)
class Which:
    """Conditions on the schedule: patterns of its name or slug, and of its owner.

    `branch` and `commands` are None if not given.
    """

    schedules: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    branch: Overrides | None = None
    commands: Overrides | None = None


@dataclass(frozen=True, slots=True)
class Allow:
    """Allows the request."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuses the request, for a reason that the person sees."""

    reason: str


@dataclass(frozen=True, slots=True)
class Approve:
    """Allows the request once a member of `by` other than the asker approves it, within `within_s` seconds."""

    by: str
    within_s: float = APPROVE_WITHIN_S


Effect = Allow | Deny | Approve


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `line` is its line in the file. A rule without `what` applies to every action."""

    name: str
    effect: Effect
    who: Who = field(default_factory=Who)
    where: Where = field(default_factory=Where)
    what: frozenset[Action] = frozenset()
    which: Which = field(default_factory=Which)
    line: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in order. `is_default`: there is no policy file."""

    rules: tuple[Rule, ...]
    is_default: bool = False

    @property
    def groups(self) -> frozenset[str]:
        """All user groups that the rules name, by their names there."""
        named = {group for rule in self.rules for group in rule.who.groups}
        return frozenset(named | {rule.effect.by for rule in self.rules if isinstance(rule.effect, Approve)})

    @property
    def admits_external(self) -> bool:
        """Whether a rule admits people from other organizations to anything."""
        return any(names_external(rule) and not isinstance(rule.effect, Deny) for rule in self.rules)

    @property
    def asks_domain(self) -> bool:
        """Whether a rule depends on email addresses."""
        return any(rule.who.domains for rule in self.rules)

    @property
    def asks_owner(self) -> bool:
        """Whether a rule depends on schedule owners."""
        return any(rule.which.owners for rule in self.rules)


def names_external(rule: Rule) -> bool:
    """Whether a rule names people from other organizations."""
    return Role.EXTERNAL in rule.who.roles
