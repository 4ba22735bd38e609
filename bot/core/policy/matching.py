"""Matching rules against a person, channel and request: patterns of names, commands, branches and owners.

The first rule that matches decides: see `bot.core.policy.decision`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.rules import ANY_WORDS, Allow, Deny, Overrides, Policy, Question, Rule, Target, Who, names_external

# Characters that chain commands or make a shell substitute text. Word patterns can't see what such a command does.
_SHELL = re.compile(r"[\x00;&|<>$`(){}\\\n\r#!~*?\[\]]")


@dataclass(frozen=True, slots=True)
class RuleFit:
    """How a rule matches. `fits` is None if the answer depends on unknown facts.

    `misses` names the facts that don't match, or that are unknown.
    """

    rule: Rule
    fits: bool | None
    misses: tuple[str, ...] = ()


def with_backticks(policy: Policy, commands: tuple[str, ...]) -> tuple[str, ...]:
    """The commands with backticks that no allowing or approving rule lists verbatim.

    A rule that allows any command doesn't allow these, because text that is pasted with its formatting often contains
    backticks.
    """
    return unlisted_commands([rule for rule in policy.rules if not isinstance(rule.effect, Deny)], commands)


def unlisted_commands(rules: Sequence[Rule], commands: tuple[str, ...]) -> tuple[str, ...]:
    """The commands with backticks that none of the rules lists verbatim."""
    listed = {pattern for rule in rules if rule.which.commands for pattern in rule.which.commands.patterns}
    return tuple(one for one in commands if "`" in one and one not in listed)


def names_somebody(rule: Rule) -> bool:
    """Whether a rule has conditions on people."""
    return rule.who != Who()


def fits(policy: Policy, person: Person, channel_info: ChannelInfo, question: Question) -> Iterable[RuleFit]:
    """Match each rule in order."""
    admits_external = policy.admits_external
    return (_fit(rule, person, channel_info, question, admits_external=admits_external) for rule in policy.rules)


def _fit(
    rule: Rule, person: Person, channel_info: ChannelInfo, question: Question, *, admits_external: bool
) -> RuleFit:
    if rule.what and question.action not in rule.what:
        return RuleFit(rule, fits=False, misses=(f"it doesn't cover {question.action}",))
    answers = {
        "the user": _holds(rule.who.users, person.user),
        "the role": _role(rule, person, admits_external=admits_external),
        "the user group": _common(rule.who.groups, person.groups),
        "the email address": _holds(rule.who.domains, person.domain),
        "the channel": _channel(rule.where.channels, channel_info),
        "the kind of channel": _holds(rule.where.kinds, channel_info.kind),
        "whether the channel is shared with another organization": _shared(rule, channel_info, question),
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
    """Match the roles of a rule.

    A rule applies to people from other organizations only if it names them; a refusal applies to everyone. If no rule
    admits such people, they were turned away earlier, so a person whose role is unknown is one of ours.
    """
    if (
        isinstance(rule.effect, Deny)
        or names_external(rule)
        or not _may_be_external(person, admits_external=admits_external)
    ):
        return _common(rule.who.roles, person.roles)
    return None if person.roles is None else False


def _may_be_external(person: Person, *, admits_external: bool) -> bool:
    return admits_external if person.roles is None else Role.EXTERNAL in person.roles


def is_external(person: Person) -> bool:
    """Whether a person is known to be from another organization."""
    return person.roles is not None and Role.EXTERNAL in person.roles


def _holds(wanted: frozenset[str] | frozenset[ChannelKind], it: str | None) -> bool | None:
    if not wanted:
        return True
    return None if it is None else it in wanted


def _common(wanted: frozenset[Role] | frozenset[str], its: frozenset[Role] | frozenset[str] | None) -> bool | None:
    if not wanted:
        return True
    return None if its is None else bool(wanted & its)


def _channel(wanted: tuple[str, ...], channel_info: ChannelInfo) -> bool | None:
    if not wanted or channel_info.channel in wanted:
        return True
    if channel_info.name is None:
        # The name is unknown, and the channel's id isn't in the list.
        return None if any(one.startswith("#") for one in wanted) else False
    return any(one.startswith("#") and _like(one[1:], channel_info.name) for one in wanted)


def _shared(rule: Rule, channel_info: ChannelInfo, question: Question) -> bool | None:
    wanted = rule.where.shared
    if wanted is None:
        # Posting where another organization can read must be allowed explicitly. `_lacking` checks approvals.
        if not isinstance(rule.effect, Allow) or not question.posts:
            return True
        wanted = False
    return None if channel_info.shared is None else channel_info.shared == wanted


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
        # Custom commands are the most dangerous override: off unless a rule names them. `_lacking` checks approvals.
        return not isinstance(rule.effect, Allow) or not given
    if isinstance(rule.effect, Allow):
        return _overridden(rule, wanted, given, fits_command)
    # A command that can't be read word by word may be the one that the rule means.
    return _overridden(rule, wanted, given, lambda pattern, one: fits_command(pattern, one) or not _is_plain(one))


def _overridden(rule: Rule, wanted: Overrides, given: tuple[str, ...], like: Callable[[str, str], bool]) -> bool:
    """Whether a rule's condition on overrides is met by those of a request.

    If a request has no overrides, a refusal applies only if its condition is `none`, and other rules always apply.
    Otherwise, an allowing rule must cover all overrides; for a refusal or an approval, one that matches is enough.
    """
    if not given:
        return wanted.none or not isinstance(rule.effect, Deny)
    fitting = [any(like(pattern, one) for pattern in wanted.patterns) for one in given]
    return wanted.any or (all(fitting) if isinstance(rule.effect, Allow) else any(fitting))


def fits_command(pattern: str, command: str) -> bool:
    """Whether a command matches a pattern, word by word.

    A `*` matches any part of a word, but never the start of an option. A `**` as the last word matches all remaining
    words, options included. A command with shell syntax matches only if the pattern equals it.
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
    """Whether a shell would read a command as plain words."""
    if _SHELL.search(command):
        return False
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False


def _like(pattern: str, it: str) -> bool:
    return fnmatchcase(it.casefold(), pattern.casefold())
