"""The policy as data: rules in their order, what each is about, and the default policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role

WITHIN_S = 1800.0
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
        return any(names_external(rule) and not isinstance(rule.effect, Deny) for rule in self.rules)

    @property
    def asks_domain(self) -> bool:
        """Whether a rule depends on anybody's e-mail address."""
        return any(rule.who.domains for rule in self.rules)

    @property
    def asks_owner(self) -> bool:
        """Whether a rule depends on who owns a schedule."""
        return any(rule.which.owners for rule in self.rules)


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


def names_external(rule: Rule) -> bool:
    """Whether a rule is about people of other organisations."""
    return Role.EXTERNAL in rule.who.roles
