"""The grammar of what people type, as phones and people in a hurry really write it.

`parse` gives a frozen command or raises BadCommand with one plain sentence. Where words could be read in two ways nothing
is guessed: a value with spaces stands between quotes, and the words of a schedule's name stand together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NoReturn

from rapidfuzz import fuzz, process

from bot.core.commands.since import parse_since
from bot.core.commands.tokens import (
    DASH,
    DASHES,
    ONLY_DASHES,
    RUN_ID,
    RUN_LINK,
    Token,
    bad,
    by_id,
    for_a_shell,
    tokenize,
    without_fence,
)
from bot.core.model.command import (
    ArtifactsCommand,
    AuditCommand,
    CancelCommand,
    Command,
    HelpCommand,
    HistoryCommand,
    ListCommand,
    LogsCommand,
    RetryCommand,
    RunCommand,
    RunForm,
    RunsCommand,
    ShowCommand,
    StatusCommand,
    SuspendCommand,
    WhoamiCommand,
)
from bot.core.text.text import cut

GRAPHQL_INT = 2**31 - 1
SCHEDULE_LIMIT = 200
TEXT_LIMIT = 200
BRANCH_LIMIT = 255
COMMAND_LIMIT = 1000
COMMANDS_LIMIT = 20
REASON_LIMIT = 500
HISTORY_LEAST, HISTORY_MOST = 2, 100
# More commands than this no run has; a larger number is a run's.
COMMAND_NUMBER_MOST = 200
NEAR_ENOUGH = 60

# What people call them elsewhere. They are suggested, never taken: starting and cancelling are not to be guessed.
OTHER_VERBS = {
    "start": "run",
    "trigger": "run",
    "stop": "cancel",
    "abort": "cancel",
    "kill": "cancel",
    "rerun": "retry",
    "ls": "list",
    "schedules": "list",
    "details": "show",
    "describe": "show",
    "log": "logs",
    "files": "artifacts",
    "suspend": "pause",
    "unpause": "resume",
    "unsuspend": "resume",
    "chart": "history",
}
EXAMPLES = {
    "branch": "--branch main",
    "pr": "--pr 123",
    "command": '--command "dbt run --select staging"',
    "reason": '--reason "late data"',
    "runs": "--runs 50",
    "user": "--user @ada",
    "schedule": "--schedule nightly",
    "since": "--since 2d",
}
# Who is mentioned behind these is looked for by id: a label is a name that somebody else may have.
BY_ID = frozenset({"audit"})
FLAGS = frozenset({"continue-on-error", "all", "inactive", "suspended", "failing", "follow"})
SHORT = {"b": "branch", "c": "command", "f": "follow"}
OTHER_OPTIONS = {
    "pull-request": "pr",
    "pull_request": "pr",
    "pullrequest": "pr",
    "ref": "branch",
    "r": "reason",
    "continue": "continue-on-error",
    "failed": "failing",
    "paused": "suspended",
}


@dataclass(frozen=True, slots=True)
class _Given:
    """What stands behind a verb: words in a row, and options by name. `run_id` is that of the thread one is in."""

    verb: str
    command: str
    words: tuple[Token, ...]
    options: dict[str, list[str]] = field(default_factory=dict)
    run_id: int | None = None

    @property
    def text(self) -> str:
        """The words in a row."""
        return " ".join(" ".join(word.text for word in self.words).split())

    def has(self, flag: str) -> bool:
        """Whether a flag is given."""
        return flag in self.options


def parse(text: str, command: str = "/bolt", *, run_id: int | None = None) -> Command:
    """What was typed behind the slash command or a mention, with Slack's escapes.

    `command` is how commands begin in what is told; `run_id` is the run in whose thread it was typed, where a command
    may leave it out. A run's bare number asks how it stands. Raises BadCommand.
    """
    line = tokenize(text)
    if not line:
        return RunForm()
    verb = DASHES.sub("--", line[0].text).lower()
    if verb in {"help", "?", "--help", "-h"}:
        return _help(line[1:])
    if verb in VERBS and any(_asks_for_help(word) for word in line[1:]):
        return HelpCommand(verb)
    if verb in BY_ID:
        line = tokenize(by_id(text))
    if verb in VERBS:
        return _READERS[verb](_given(verb, line[1:], command, run_id))
    if len(line) == 1 and (RUN_ID.search(verb) or RUN_LINK.search(line[0].text)):
        return _status(_given("status", line, command, run_id))
    near = OTHER_VERBS.get(verb) or _nearest(verb, VERBS)
    hint = f"Did you mean {command} {near}?" if near else f"Type {command} help to see all commands."
    bad(f'There\'s no command "{cut(line[0].text, 40)}". {hint}')


# --- what stands behind each verb ---


def _run(given: _Given) -> RunCommand | RunForm:
    options = given.options
    if not given.words and not options:
        return RunForm()
    if not given.words:
        bad(f"Which schedule? Name one, as in {given.command} run nightly.")
    return RunCommand(
        schedule=_schedule(given),
        branch=read_branch(options["branch"][0]) if "branch" in options else None,
        pull_request=read_pull_request(options["pr"][0]) if "pr" in options else None,
        commands=read_commands(options.get("command", [])),
        reason=read_reason(options["reason"][0]) if "reason" in options else None,
        continue_on_error=given.has("continue-on-error"),
    )


def _retry(given: _Given) -> RetryCommand:
    every = given.has("all")
    if not given.words and given.run_id is None:
        bad(f"Which run? Give its number or a schedule, as in {given.command} retry 4711.")
    if number := _run_number(given):
        return RetryCommand(every, run_id=number)
    return RetryCommand(every, latest_of=_schedule(given))


def _cancel(given: _Given) -> CancelCommand:
    return CancelCommand(_run_id(given))


def _status(given: _Given) -> StatusCommand:
    if number := _run_number(given):
        return StatusCommand(run_id=number)
    return StatusCommand(schedule=_schedule(given)) if given.words else StatusCommand()


def _list(given: _Given) -> ListCommand:
    text = bounded("The text to look for", given.text, TEXT_LIMIT) if given.words else ""
    return ListCommand(text, given.has("inactive"), given.has("suspended"), given.has("failing"))


def _show(given: _Given) -> ShowCommand:
    return ShowCommand(_schedule(given))


def _runs(given: _Given) -> RunsCommand:
    return RunsCommand(_schedule(given))


def _logs(given: _Given) -> LogsCommand:
    follow = given.has("follow")
    text = given.text
    number = None
    before, _, last = text.rpartition(" ")
    if before and last.isascii() and last.isdecimal() and (RUN_ID.search(before) or RUN_LINK.search(before)):
        text, number = before, _positive(last)
    elif given.run_id and (_positive(text) or GRAPHQL_INT) <= COMMAND_NUMBER_MOST:
        # In a run's thread a small number is that of a command.
        text, number = "", _positive(text)
    if before and number is None and text != given.text:
        bad(f"logs takes a command's number after the run's, as in {given.command} logs 4711 3.")
    found = given.run_id if not text else _number_of_run(text)
    if found is None:
        bad(f"logs needs a run number, as in {given.command} logs 4711.")
    return LogsCommand(found, number, follow)


def _artifacts(given: _Given) -> ArtifactsCommand:
    return ArtifactsCommand(_run_id(given))


def _pause(given: _Given) -> SuspendCommand:
    return SuspendCommand(_schedule(given), suspend=True)


def _resume(given: _Given) -> SuspendCommand:
    return SuspendCommand(_schedule(given), suspend=False)


def _history(given: _Given) -> HistoryCommand:
    if "runs" not in given.options:
        return HistoryCommand(_schedule(given))
    number = _positive(given.options["runs"][0])
    if number is None or not HISTORY_LEAST <= number <= HISTORY_MOST:
        bad(f"--runs needs a number from {HISTORY_LEAST} to {HISTORY_MOST}, as in {EXAMPLES['runs']}.")
    return HistoryCommand(_schedule(given), number)


def _whoami(given: _Given) -> WhoamiCommand:
    if given.words:
        bad(f"whoami takes no arguments. Type {given.command} whoami.")
    return WhoamiCommand()


def _audit(given: _Given) -> AuditCommand:
    if given.words:
        bad(f"audit takes only options, as in {given.command} audit --schedule nightly --since 2d.")
    values = {name: bounded(f"--{name}", found[0], TEXT_LIMIT) for name, found in given.options.items()}
    at = values.get("since")
    if at and parse_since(at, datetime.now(UTC)) is None:
        bad("--since needs a time or a date, as in --since 2d, --since 12h or --since 2026-11-28.")
    return AuditCommand(values.get("user", "").removeprefix("@") or None, values.get("schedule"), at)


def _help(rest: list[Token]) -> HelpCommand:
    topic = rest[0].text.lower() if rest else None
    return HelpCommand(topic if topic in VERBS else None)


# Each verb, what reads the rest of its line, and the options that it takes.
_GRAMMAR: dict[str, tuple[Callable[[_Given], Command], tuple[str, ...]]] = {
    "run": (_run, ("branch", "pr", "command", "reason", "continue-on-error")),
    "list": (_list, ("inactive", "suspended", "failing")),
    "show": (_show, ()),
    "status": (_status, ()),
    "runs": (_runs, ()),
    "cancel": (_cancel, ()),
    "retry": (_retry, ("all",)),
    "logs": (_logs, ("follow",)),
    "artifacts": (_artifacts, ()),
    "history": (_history, ("runs",)),
    "pause": (_pause, ()),
    "resume": (_resume, ()),
    "whoami": (_whoami, ()),
    "audit": (_audit, ("user", "schedule", "since")),
}
_READERS = {verb: reader for verb, (reader, _) in _GRAMMAR.items()}
VERBS = (*_GRAMMAR, "help")


# --- options ---


def _given(verb: str, rest: list[Token], command: str, run_id: int | None) -> _Given:
    """Sort what stands behind a verb into words and options."""
    names: list[Token] = []
    options: dict[str, list[str]] = {}
    rest = list(rest)
    after, loose = "", False
    while rest:
        word = rest.pop(0)
        if not word.quoted and DASHES.match(word.text) is None and ONLY_DASHES.fullmatch(word.text):
            _attached(verb, rest)
        if word.quoted or not _is_option(word):
            if after and (names or (loose and not word.quoted)):
                _astray(word, after)
            names.append(word)
            after = ""
            continue
        name, value = _option(verb, word, rest)
        options.setdefault(name, []).append(value.text)
        # A flag takes no value, so what follows it can only be a part of the name.
        after = "" if name in FLAGS else name
        loose = after in {"command", "reason"} and not value.closed
    for name, values in options.items():
        if len(values) > 1 and name != "command":
            bad(f"--{name} is given twice. Use it once.")
    return _Given(verb, command, tuple(names), options, run_id)


def _taken(verb: str) -> tuple[str, ...]:
    return _GRAMMAR[verb][1]


def _attached(verb: str, rest: list[Token]) -> None:
    """Dashes with a space behind them are a part of a name, unless an option was meant."""
    if rest and not rest[0].quoted and rest[0].text.lower() in _taken(verb):
        name = rest[0].text.lower()
        bad(f"Write --{name} without a space after the dashes, as in {_example(name)}.")


def _astray(word: Token, after: str) -> NoReturn:
    example = EXAMPLES[after if after == "command" else "reason"]
    bad(
        f'I can\'t tell what "{cut(word.text, 40)}" belongs to. Put quotes around a value with spaces, as in {example}.'
    )


def _example(name: str) -> str:
    return EXAMPLES.get(name, f"--{name}")


def _is_option(word: Token) -> bool:
    return re.match(r"^--?[^\W\d]", DASHES.sub("--", word.text)) is not None


def _option(verb: str, word: Token, rest: list[Token]) -> tuple[str, Token]:
    """An option's name and its value: behind an equals sign, or the next word, which is taken from `rest`."""
    plain = DASHES.sub("--", word.text)
    name, equals, value = plain.lstrip("-").partition("=")
    name = name.lower()
    known = SHORT.get(name, name)
    if known not in _taken(verb) or (not plain.startswith("--") and len(name) > 1):
        _no_option(verb, plain.partition("=")[0], known)
    if known in FLAGS:
        if equals:
            bad(f"--{known} takes no value. Use it on its own.")
        return known, Token("")
    if equals:
        return known, Token(value, closed=word.closed)
    return known, _value(known, rest)


def _no_option(verb: str, written: str, name: str) -> NoReturn:
    takes = _taken(verb)
    if not takes:
        bad(f'There\'s no option "{cut(written, 40)}": {verb} takes no options.')
    other = OTHER_OPTIONS.get(name)
    near = name if name in takes else other if other in takes else _nearest(name, takes)
    names = [f"--{one}" for one in takes]
    listed = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    hint = (
        f"Did you mean --{near}?"
        if near
        else f"{'Its options are' if len(names) > 1 else 'Its only option is'} {listed}."
    )
    bad(f'There\'s no option "{cut(written, 40)}". {hint}')


def _value(name: str, rest: list[Token]) -> Token:
    """The word behind an option. Another option there means that the value is missing."""
    following = rest[0] if rest else None
    if following is None or (not following.quoted and DASHES.match(following.text) is not None):
        what = "number" if name in {"pr", "runs"} else "value"
        bad(f"--{name} needs a {what}, as in {EXAMPLES[name]}.")
    return rest.pop(0)


# --- values: also those that are typed into a form ---


def read_branch(text: str) -> str:
    """A branch or a commit. Raises BadCommand."""
    if not text or " " in text or re.match(f"[{DASH}]", text):
        bad(f'"{cut(text, 60)}" isn\'t a valid branch name. Give a branch or a commit, as in {EXAMPLES["branch"]}.')
    return bounded("The branch", text, BRANCH_LIMIT)


def read_pull_request(text: str) -> int:
    """The number of a pull request. Raises BadCommand."""
    number = _positive(text.removeprefix("#"))
    if number is None:
        bad(f"--pr needs a number, as in {EXAMPLES['pr']}.")
    return number


def read_commands(given: list[str]) -> tuple[str, ...]:
    """Commands that run instead of the schedule's own, without the backticks around each. Raises BadCommand."""
    not_too_many(given)
    return tuple(bounded("A command", for_a_shell(without_fence(command.strip())), COMMAND_LIMIT) for command in given)


def not_too_many(commands: Sequence[str]) -> None:
    """Refuse more commands than one run may be given. Raises BadCommand."""
    if len(commands) > COMMANDS_LIMIT:
        bad(f"That's {len(commands)} commands. The limit is {COMMANDS_LIMIT}.")


def read_reason(text: str) -> str:
    """Why a run is started. Raises BadCommand."""
    return bounded("The reason", " ".join(text.split()), REASON_LIMIT)


def bounded(what: str, text: str, limit: int) -> str:
    """A text that is neither empty nor too long. Raises BadCommand."""
    if not text.strip():
        bad(f"{what} is empty. Put it in quotes or leave it out.")
    if len(text) > limit:
        bad(f"{what} is too long: {len(text)} characters. The limit is {limit}.")
    return text


def _positive(digits: str) -> int | None:
    """A number that GraphQL's Int can hold, above zero."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits.lstrip("0")) > len(str(GRAPHQL_INT)):
        return None
    number = int(digits.lstrip("0") or "0")
    return number if 0 < number <= GRAPHQL_INT else None


def _schedule(given: _Given) -> str:
    if not given.words:
        bad(f"Which schedule? Name one, as in {given.command} {given.verb} nightly.")
    return bounded("The schedule's name", given.text, SCHEDULE_LIMIT)


def _run_number(given: _Given) -> int | None:
    """The run that is named, or that of the thread; None where a schedule is named."""
    if not given.words:
        return given.run_id
    if any(word.quoted and not word.code for word in given.words):
        return None
    number = _number_of_run(given.text)
    if number is None and (RUN_ID.search(given.text) or RUN_LINK.search(given.text)):
        bad(f"{given.verb} needs a run number, as in {given.command} {given.verb} 4711.")
    return number


def _number_of_run(text: str) -> int | None:
    found = RUN_ID.search(text) or RUN_LINK.search(text)
    return _positive(found[1]) if found else None


def _run_id(given: _Given) -> int:
    number = _number_of_run(given.text) if given.words else given.run_id
    if number is None:
        bad(f"{given.verb} needs a run number, as in {given.command} {given.verb} 4711.")
    return number


def _asks_for_help(word: Token) -> bool:
    return not word.quoted and DASHES.sub("--", word.text).lower() in {"--help", "-h"}


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    near = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return near[0] if near else None
