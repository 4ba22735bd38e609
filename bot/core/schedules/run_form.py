"""The form in which a run is put together: what is shown in it, and what is made of what was filled in.

A person must never start what they did not see. So the form remembers which commands it offered: where they stand in it
unchanged, the schedule's own run, provided that these are still the same; where anything was changed, what stands in
the form runs, and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from bot.core.commands.tokens import visible
from bot.core.commands.values import (
    BRANCH_LIMIT,
    not_too_many,
    read_branch,
    read_commands,
    read_pull_request,
    read_reason,
)
from bot.core.model.command import RunCommand
from bot.core.model.errors import BadCommand
from bot.core.schedules.typeahead import Offer
from bot.core.text.text import Bold, Code, Sentence

# What a field of text holds at most (docs.slack.dev, plain-text input).
COMMANDS_ROOM = 3000
CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}")
_LINE = re.compile(r"\r\n|\r|\n")

NO_BRANCH = f"A branch or a commit has no spaces, doesn't begin with a dash, and is at most {BRANCH_LIMIT} characters long, as in main."
NO_NUMBER = "A pull request is a number, as in 123."

T = TypeVar("T")
Field = Literal["schedule", "branch", "pull_request", "commands", "reason", "channel"]


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form, as it is typed. `schedule` is the handle of an offer.

    `commands` is None where there is no such field yet. `mark` names whose commands were offered in it, `offered` what
    exactly; both travel with the field.
    """

    schedule: str = ""
    branch: str = ""
    pull_request: str = ""
    commands: str | None = None
    mark: str = ""
    offered: str = ""
    continue_on_error: bool = False
    reason: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """A schedule's own commands as the form offers them to be changed.

    `left_out` says how many of the last ones have no room. Where `hidden` says why (`secret`, `lines`), none can be
    changed one by one, and `shown` has them to be looked at.
    """

    slug: str
    commands: tuple[str, ...]
    text: str = ""
    left_out: int = 0
    hidden: Literal["", "secret", "lines"] = ""
    shown: str = ""

    @property
    def mark(self) -> str:
        """A name for just these commands of just this schedule."""
        return _digest("\n".join((self.slug, *self.commands)))

    @property
    def offered(self) -> str:
        """A name for what is offered in the field."""
        return offered(self.text)


@dataclass(frozen=True, slots=True)
class Form:
    """The form as it is shown. `own` is None where no schedule is chosen, or its commands are not known.

    `branch` is the schedule's own. `kept`: the field of commands holds words of the person's own. `asks_channel`: nobody
    knows yet where the card goes.
    """

    filled: Filled
    chosen: Offer | None = None
    own: Own | None = None
    branch: str = ""
    kept: bool = False
    asks_channel: bool = False
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Problems:
    """Why nothing was started: a sentence for each field that has to be mended."""

    fields: dict[Field, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stale:
    """The commands that stand in the form are no longer those of the schedule that is chosen."""


def own_commands(slug: str, commands: Sequence[str], mask: Callable[[str], str]) -> Own:
    """A schedule's commands as they can be offered: those that fit, and none where changing one would break another."""
    own = Own(slug, tuple(commands))
    masked = tuple(mask(one) for one in commands)
    if masked != own.commands:
        return Own(slug, own.commands, hidden="secret", shown="\n".join(masked))
    if any(_LINE.search(one) for one in commands):
        return Own(slug, own.commands, hidden="lines", shown="\n".join(commands))
    fitting: list[str] = []
    room = COMMANDS_ROOM
    for one in commands:
        room -= len(one.encode("utf-16-le")) // 2 + 1
        if room < -1:
            break
        fitting.append(one)
    left_out = len(commands) - len(fitting)
    rest = "\n".join(commands[len(fitting) :])
    return Own(slug, own.commands, "\n".join(fitting), left_out, shown=rest)


def is_changed(filled: Filled) -> bool:
    """Whether the commands are words of the person's own. An emptied field is not: the schedule's own run then."""
    return bool(lines_of(filled.commands or "")) and offered(filled.commands or "") != filled.offered


def offered(text: str) -> str:
    """A name for what stands in the field of commands, whatever blanks are around its lines."""
    return _digest("\n".join(lines_of(text)))


def lines_of(text: str) -> list[str]:
    """One command a line; blank lines are none."""
    return [line.strip() for line in _LINE.split(text) if line.strip()]


def read(filled: Filled, slug: str, own: Own | None) -> RunCommand | Problems | Stale:
    """What the form asks for, for the schedule that was chosen in it; what is wrong; or that the commands are others now."""
    problems: dict[Field, str] = {}
    commands: tuple[str, ...] = ()
    branch = _taken(problems, "branch", filled.branch, read_branch, NO_BRANCH)
    pull_request = _taken(problems, "pull_request", filled.pull_request, read_pull_request, NO_NUMBER)
    reason = _taken(problems, "reason", _LINE.sub(" ", filled.reason), read_reason)
    try:
        commands = _commands(filled, own)
    except BadCommand as bad:
        problems["commands"] = bad.sentence
    if not CHANNEL.fullmatch(filled.channel):
        problems["channel"] = "Choose the channel where its card goes."
    if problems:
        return Problems(problems)
    if own is not None and _outdated(filled, own):
        return Stale()
    return RunCommand(slug, branch, pull_request, commands, reason, filled.continue_on_error)


def _taken(
    problems: dict[Field, str], name: Field, text: str, reader: Callable[[str], T], sentence: str = ""
) -> T | None:
    """What was typed into a field, None where it is empty. What is wrong with it is put down."""
    try:
        typed = visible(text)
        return reader(typed) if typed else None
    except BadCommand as bad:
        problems[name] = sentence or bad.sentence
        return None


def _outdated(filled: Filled, own: Own) -> bool:
    """Whether what is offered in the form, and was left as it is, is not what the schedule would run."""
    return filled.commands is not None and not is_changed(filled) and filled.mark != own.mark


def _commands(filled: Filled, own: Own | None) -> tuple[str, ...]:
    """The commands that run instead of the schedule's own; none where its own do. Raises BadCommand.

    A line that is one of its own stays as it is. What is typed is read as in a command.
    """
    if not is_changed(filled):
        return ()
    mine = own.commands if own else ()
    known = {one.strip() for one in mine}
    lines = lines_of(filled.commands or "")
    typed = [visible(line) for line in lines if line not in known]
    written = iter(read_commands([line for line in typed if line]))
    wanted = tuple(line if line in known else next(written) for line in lines if line in known or visible(line))
    not_too_many(wanted)
    return () if wanted == tuple(one.strip() for one in mine) else wanted


def about_commands(form: Form) -> Sentence:
    """What is said under the field of commands."""
    own = form.own
    if own is None:
        return ("I couldn't read the schedule's own commands. Leave this empty to run them.",)
    if form.kept:
        name = form.chosen.text if form.chosen else own.slug
        return ("These are your words, not the commands of ", Bold(name), ". Emptied, its own run.")
    if own.hidden == "secret":
        return (
            "Its own commands contain secrets, so they're shown here for reading only. Leave this empty to run them.",
        )
    if own.hidden == "lines":
        return (
            "One of its own commands has several lines, so they're shown here for reading only. Leave this empty to run them.",
        )
    if own.left_out:
        all_, here = len(own.commands), len(own.commands) - own.left_out
        left = f"Left as it is, all {all_} commands run, also the last {own.left_out}, which don't fit in the field."
        return (f"{left} If you change it, only what's in the field runs: {here} so far.",)
    return ("One per line. Leave them as they are, or empty, to run the schedule's own.",)


def changed_note(form: Form) -> Sentence:
    """Why the form is shown again instead of starting."""
    name = form.chosen.text if form.chosen else ""
    return (
        "Nothing was started yet because the commands of ",
        Bold(name),
        " have changed. Check them and press ",
        Code("Start run"),
        " again.",
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
