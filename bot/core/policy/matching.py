"""How rules fit a person, a channel and a question: patterns of names, commands, branches and owners."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from bot.core.model.channel import ChannelInfo, ChannelKind
from bot.core.model.person import Person, Role
from bot.core.policy.rules import ANY_WORDS, Allow, Deny, Overrides, Policy, Question, Rule, Target, names_external

# Several commands in one, and what a shell puts in their place: no pattern of words sees what is done there.
_SHELL = re.compile(r"[\x00;&|<>$`(){}\\\n\r#!~*?\[\]]")


@dataclass(frozen=True, slots=True)
class RuleFit:
    """How a rule fits. `misses` are the words for what does not, or cannot be told; `fits` is None where that matters."""

    rule: Rule
    fits: bool | None
    misses: tuple[str, ...] = ()


def with_backticks(policy: Policy, commands: tuple[str, ...]) -> tuple[str, ...]:
    """The commands that have backticks in them and that no rule but a refusal lists word for word.

    That a rule allows any command does not allow these: they come with text that was copied with its formatting.
    """
    return unlisted_commands([rule for rule in policy.rules if not isinstance(rule.effect, Deny)], commands)


def unlisted_commands(rules: Sequence[Rule], commands: tuple[str, ...]) -> tuple[str, ...]:
    """The commands with backticks that none of the rules lists word for word."""
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
        or names_external(rule)
        or not _may_be_external(person, admits_external=admits_external)
    ):
        return _common(rule.who.roles, person.roles)
    return None if person.roles is None else False


def _may_be_external(person: Person, *, admits_external: bool) -> bool:
    return admits_external if person.roles is None else Role.EXTERNAL in person.roles


def is_external(person: Person) -> bool:
    """Whether a person is known to be of another organisation."""
    return person.roles is not None and Role.EXTERNAL in person.roles


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
