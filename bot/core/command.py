"""The grammar of the slash command, as phones and people in a hurry really write it.

`parse` gives a frozen command or raises BadCommand with one plain sentence; `canonical` writes a command
back, so that the same request typed in two ways compares equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from rapidfuzz import process

from bot.core.errors import BadCommand
from bot.core.text import cut

GRAPHQL_INT = 2**31 - 1
SCHEDULE_LIMIT = 200
BRANCH_LIMIT = 255
COMMAND_LIMIT = 1000
COMMANDS_LIMIT = 20
REASON_LIMIT = 500
NEAR_ENOUGH = 60


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Start a run. `schedule` is a name or a slug, as it was typed."""

    schedule: str
    branch: str | None = None
    pull_request: int | None = None
    commands: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CancelCommand:
    """Cancel a run."""

    run_id: int


@dataclass(frozen=True, slots=True)
class StatusCommand:
    """Tell how a run stands."""

    run_id: int


@dataclass(frozen=True, slots=True)
class HelpCommand:
    """Tell what there is; `topic` is one of the verbs."""

    topic: str | None = None


Command = RunCommand | CancelCommand | StatusCommand | HelpCommand

VERBS = ("run", "cancel", "status", "help")
OPTIONS = {"branch": "branch", "b": "branch", "pr": "pr", "command": "command", "c": "command", "reason": "reason"}
EXAMPLES = {
    "branch": "--branch main",
    "pr": "--pr 123",
    "command": '--command "dbt run --select staging"',
    "reason": '--reason "late data"',
}

_SPACES = re.compile(r"[\s\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_INVISIBLE = re.compile(r"[\u200b-\u200d\u2060\ufeff\u00ad]")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_SINGLE_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛", "'"))
# What phones make of "--": one or two dashes of any kind before a letter.
_DASHES = re.compile(r"^(?:[\u2012-\u2015\u2212]+-?|-[\u2012-\u2015\u2212]+|-{2,})(?=\w)")
_SLACK_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_RUN_ID = re.compile(r"^(?:run\s*)?#?(\d+)$|/run_id/(\d+)/?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a command; `quoted` words are never options."""

    text: str
    quoted: bool


def parse(text: str, command: str = "/bolt") -> Command:
    """What was typed behind the slash command. Raises BadCommand."""
    words = _words(_typed(text))
    if not words:
        return HelpCommand()
    verb = words[0].text.lower()
    if verb == "run":
        return _run(words[1:], command)
    if verb == "cancel":
        return CancelCommand(_run_id("cancel", words[1:], command))
    if verb == "status":
        return StatusCommand(_run_id("status", words[1:], command))
    if verb in {"help", "?", "--help", "-h"}:
        return _help(words[1:])
    near = process.extractOne(verb, VERBS, score_cutoff=NEAR_ENOUGH)
    hint = f"Did you mean {command} {near[0]}?" if near else f"Type {command} help for what I do."
    _bad(f'I do not know the command "{cut(words[0].text, 40)}". {hint}')


def canonical(command: Command) -> str:
    """A command written so that `parse` gives it again."""
    match command:
        case CancelCommand(run_id):
            return f"cancel {run_id}"
        case StatusCommand(run_id):
            return f"status {run_id}"
        case HelpCommand(topic):
            return f"help {topic}" if topic else "help"
        case RunCommand(schedule, branch, pull_request, commands, reason):
            parts = ["run", _quote(schedule)]
            parts += ["--branch", _quote(branch)] if branch else []
            parts += ["--pr", str(pull_request)] if pull_request else []
            for one in commands:
                parts += ["--command", _quote(one)]
            parts += ["--reason", _quote(reason)] if reason else []
            return " ".join(parts)


def _typed(text: str) -> str:
    """What the person typed, before Slack's escapes: links and mentions as their visible text, entities as characters."""
    text = _SLACK_TOKEN.sub(_visible, text)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    if _CONTROL.search(text):
        _bad("Line breaks and control characters are not allowed in a command; type it on one line.")
    return _INVISIBLE.sub("", _SPACES.sub(" ", text)).strip()


def _visible(token: re.Match[str]) -> str:
    kind, target, label = token.groups()
    if label:
        return f"{kind}{label}" if kind in {"@", "#"} else label
    return f"{kind}{target}" if kind else target.removeprefix("mailto:")


def _words(text: str) -> list[_Word]:
    """Split at spaces, except between quotes. An apostrophe inside a word is no quote."""
    words: list[_Word] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        word, at = _word(text, at)
        words.append(word)
    return words


def _word(text: str, at: int) -> tuple[_Word, int]:
    start, quoted, parts = at, False, list[str]()
    while at < len(text) and text[at] != " ":
        quote = _quote_at(text, at, begins=at == start or text[at - 1] == "=")
        if quote is None:
            parts.append(text[at])
            at += 1
            continue
        inside, at = _inside(text, at, quote)
        parts.append(inside)
        quoted = quoted or at == start or not "".join(parts[:-1])
    return _Word("".join(parts), quoted), at


def _quote_at(text: str, at: int, *, begins: bool) -> str | None:
    plain = text[at].translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    if plain == '"' or (plain == "'" and begins):
        return plain
    return None


def _inside(text: str, at: int, quote: str) -> tuple[str, int]:
    """What stands between a quote and the next of its kind, and where the text goes on."""
    table = _DOUBLE_QUOTES if quote == '"' else _SINGLE_QUOTES
    characters: list[str] = []
    begun = at
    at += 1
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in {'"', "'", "\\"}:
            characters.append(text[at + 1])
            at += 2
            continue
        if text[at].translate(table) == quote and not (quote == "'" and _in_word(text, at)):
            return "".join(characters), at + 1
        characters.append(text[at])
        at += 1
    _bad(f"A quote is not closed: {cut(text[begun:], 40)} - end it with {quote}.")


def _in_word(text: str, at: int) -> bool:
    return at + 1 < len(text) and text[at + 1].isalnum()


def _run(words: list[_Word], command: str) -> RunCommand:
    names: list[str] = []
    given: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        option = None if word.quoted else _option(word.text)
        if option is None:
            names.append(word.text)
            continue
        name, value = option
        if value is None:
            value = _value(name, rest)
        given.setdefault(name, []).append(value)
    if not names:
        _bad(f"Which schedule? Name one, as in {command} run nightly.")
    for name in ("branch", "pr", "reason"):
        if len(given.get(name, ())) > 1:
            _bad(f"--{name} is given twice; give it once.")
    return RunCommand(
        schedule=_bounded("The schedule's name", " ".join(" ".join(names).split()), SCHEDULE_LIMIT),
        branch=_branch(given["branch"][0]) if "branch" in given else None,
        pull_request=_number(given["pr"][0]) if "pr" in given else None,
        commands=_commands(given.get("command", [])),
        reason=_bounded("The reason", given["reason"][0], REASON_LIMIT) if "reason" in given else None,
    )


def _option(text: str) -> tuple[str, str | None] | None:
    """An option's name, and its value where that stands behind an equals sign. None for no option."""
    plain = _DASHES.sub("--", text)
    if not re.match(r"^--?[^\W\d]", plain):
        return None
    name, equals, value = plain.lstrip("-").partition("=")
    known = OPTIONS.get(name.lower())
    if known is None or (not plain.startswith("--") and len(name) > 1):
        near = process.extractOne(name.lower(), list(EXAMPLES), score_cutoff=NEAR_ENOUGH)
        hint = f"Did you mean --{near[0]}?" if near else "There are --branch, --pr, --command and --reason."
        _bad(f'There is no option "{cut(plain, 40)}". {hint}')
    return known, value if equals else None


def _value(name: str, rest: list[_Word]) -> str:
    """The word behind an option. Another option there means that the value is missing."""
    following = rest[0] if rest else None
    missing = following is None or (not following.quoted and _DASHES.match(following.text) is not None)
    if missing:
        what = "number" if name == "pr" else "value"
        _bad(f"--{name} needs a {what}, as in {EXAMPLES[name]}.")
    return rest.pop(0).text


def _branch(text: str) -> str:
    if not text or " " in text or text.startswith("-"):
        _bad(f'"{cut(text, 60)}" is no branch; give a branch name or a commit, as in {EXAMPLES["branch"]}.')
    return _bounded("The branch", text, BRANCH_LIMIT)


def _number(text: str) -> int:
    digits = text.removeprefix("#")
    if not (digits.isascii() and digits.isdecimal()) or not 0 < int(digits[:12]) <= GRAPHQL_INT:
        _bad(f"--pr needs a number, as in {EXAMPLES['pr']}.")
    return int(digits[:12])


def _commands(given: list[str]) -> tuple[str, ...]:
    if len(given) > COMMANDS_LIMIT:
        _bad(f"Those are {len(given)} commands; {COMMANDS_LIMIT} are the most.")
    return tuple(_bounded("A command", command.strip(), COMMAND_LIMIT) for command in given)


def _bounded(what: str, text: str, limit: int) -> str:
    if not text.strip():
        _bad(f"{what} is empty; write it between quotes or leave it out.")
    if len(text) > limit:
        _bad(f"{what} is too long: {len(text)} characters, {limit} are the most.")
    return text


def _run_id(verb: str, words: list[_Word], command: str) -> int:
    text = " ".join(word.text for word in words)
    found = _RUN_ID.search(text)
    digits = (found.group(1) or found.group(2)) if found else ""
    if not digits or not digits.isascii() or not 0 < int(digits[:12]) <= GRAPHQL_INT:
        _bad(f"{verb} needs the number of a run, as in {command} {verb} 4711.")
    return int(digits[:12])


def _help(words: list[_Word]) -> HelpCommand:
    topic = words[0].text.lower() if words else None
    return HelpCommand(topic if topic in VERBS else None)


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _bad(sentence: str) -> NoReturn:
    raise BadCommand(sentence)
