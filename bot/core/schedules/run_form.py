"""The form that starts a run: its content, and how a filled-in form is read.

A person must never start commands that they didn't see. So the form remembers which commands it offered. If the field
for commands is unchanged, the schedule's own run starts, provided that the schedule's commands are still the same. If
the field was changed, exactly the commands in it run.

`bot.slack.blocks.form` lays it out, and `bot.flows.complete_run_form` fills it in.
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

# Slack's limit for a text field (docs.slack.dev, plain-text input).
COMMANDS_ROOM = 3000
CHANNEL = re.compile(r"[CGD][A-Z0-9]{1,20}")
_LINE = re.compile(r"\r\n|\r|\n")

NO_BRANCH = (
    f"Enter a branch or commit, for example main: no spaces, no dash at the start, at most {BRANCH_LIMIT} characters."
)
NO_NUMBER = "Enter the pull request's number, for example 123."

T = TypeVar("T")
Field = Literal["schedule", "branch", "pull_request", "commands", "reason", "channel"]


@dataclass(frozen=True, slots=True)
class Filled:
    """The form's values as typed. `schedule` is the handle of the chosen option.

    `commands` is None if the form doesn't have that field yet. `mark` is a fingerprint of the schedule and the commands
    offered in that field, and `offered` is a fingerprint of the offered text; both are sent with the form.
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
    """A schedule's own commands as the form offers them for editing.

    `left_out` counts the last commands, which don't fit. If `hidden` has a reason (`secret`, `lines`), the commands
    can't be edited one by one, and `shown` is their read-only text.
    """

    slug: str
    commands: tuple[str, ...]
    text: str = ""
    left_out: int = 0
    hidden: Literal["", "secret", "lines"] = ""
    shown: str = ""

    @property
    def mark(self) -> str:
        """A fingerprint of exactly these commands of exactly this schedule."""
        return _fingerprint("\n".join((self.slug, *self.commands)))

    @property
    def offered(self) -> str:
        """A fingerprint of the text offered in the field."""
        return offered(self.text)


@dataclass(frozen=True, slots=True)
class Form:
    """The form as shown. `own` is None if no schedule is chosen, or its commands are unknown.

    `branch` is the schedule's own. `kept`: the commands field holds the person's own text. `asks_channel`: it isn't
    known yet which channel gets the card.
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
    """Why nothing was started: a sentence for each field to correct."""

    fields: dict[Field, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stale:
    """The commands in the form are no longer those of the chosen schedule."""


def own_commands(slug: str, commands: Sequence[str], mask: Callable[[str], str]) -> Own:
    """Prepare a schedule's commands for editing: those that fit, or none if editing one would break another."""
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
    """Whether the person changed the commands. An emptied field doesn't count, so the schedule's own run starts."""
    return bool(lines_of(filled.commands or "")) and offered(filled.commands or "") != filled.offered


def offered(text: str) -> str:
    """A fingerprint of the commands field, ignoring spaces around its lines."""
    return _fingerprint("\n".join(lines_of(text)))


def lines_of(text: str) -> list[str]:
    """Split a field into commands, one per line, without blank lines."""
    return [line.strip() for line in _LINE.split(text) if line.strip()]


def read(filled: Filled, slug: str, own: Own | None) -> RunCommand | Problems | Stale:
    """Read the form for the chosen schedule. Returns the command, the problems, or that the commands have changed."""
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
        problems["channel"] = "Choose a channel for the run's card."
    if problems:
        return Problems(problems)
    if own is not None and _outdated(filled, own):
        return Stale()
    return RunCommand(slug, branch, pull_request, commands, reason, filled.continue_on_error)


def _taken(
    problems: dict[Field, str], name: Field, text: str, reader: Callable[[str], T], sentence: str = ""
) -> T | None:
    """Read a field. Returns None if it's empty. The field's problem, if any, is added to `problems`."""
    try:
        typed = visible(text)
        return reader(typed) if typed else None
    except BadCommand as bad:
        problems[name] = sentence or bad.sentence
        return None


def _outdated(filled: Filled, own: Own) -> bool:
    """Whether unchanged commands in the form are no longer those that the schedule would run."""
    return filled.commands is not None and not is_changed(filled) and filled.mark != own.mark


def _commands(filled: Filled, own: Own | None) -> tuple[str, ...]:
    """The commands to run instead of the schedule's own, or an empty tuple if there are none. Raises BadCommand.

    A line that equals one of the schedule's commands is kept verbatim. Other lines are read like typed commands.
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
    """The hint under the commands field."""
    own = form.own
    if own is None:
        return ("I couldn't read the schedule's own commands. Leave this empty to run them.",)
    if form.kept:
        name = form.chosen.text if form.chosen else own.slug
        return ("These are the commands you typed, not those of ", Bold(name), ". Clear the field to run its own.")
    if own.hidden == "secret":
        return ("The schedule's commands contain secrets, so they can't be edited here. Leave this empty to run them.",)
    if own.hidden == "lines":
        return (
            "One of the schedule's commands spans several lines, so its commands can't be edited here. Leave this empty to run them.",
        )
    if own.left_out:
        all_, here = len(own.commands), len(own.commands) - own.left_out
        left = f"If you leave this as it is, all {all_} commands run, including the last {own.left_out}, which don't fit here."
        return (f"{left} If you change it, only what's in the field runs: currently {here} of the {all_} commands.",)
    return ("One per line. Leave this as it is, or empty, to run the schedule's own commands.",)


def changed_note(form: Form) -> Sentence:
    """The note explaining why the form is shown again instead of starting."""
    name = form.chosen.text if form.chosen else ""
    return (
        "Nothing has been started yet because the commands of ",
        Bold(name),
        " have changed. Check them and press ",
        Code("Start run"),
        " again.",
    )


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
