"""The grammar of the slash command, as phones and people in a hurry really write it.

`parse` gives a frozen command or raises BadCommand with one plain sentence; `canonical` writes a command
back, so that the same request typed in two ways compares equal.

Where words could be read in two ways nothing is guessed: a value with spaces stands between quotes, the words of a
schedule's name stand together, and a quote inside quotes of its kind is written with a backslash.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from rapidfuzz import fuzz, process

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
# What people call them elsewhere. They are suggested, never taken: starting and cancelling are not to be guessed.
OTHER_VERBS = {
    "start": "run",
    "trigger": "run",
    "stop": "cancel",
    "abort": "cancel",
    "kill": "cancel",
    "show": "status",
}
OPTIONS = {"branch": "branch", "b": "branch", "pr": "pr", "command": "command", "c": "command", "reason": "reason"}
OTHER_OPTIONS = {"pull-request": "pr", "pull_request": "pr", "pullrequest": "pr", "ref": "branch", "r": "reason"}
EXAMPLES = {
    "branch": "--branch main",
    "pr": "--pr 123",
    "command": '--command "dbt run --select staging"',
    "reason": '--reason "late data"',
}

_DASH = "-\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_SPACE = re.compile(r"\s")
# Zero-width spaces and joiners, soft hyphens, marks of direction: a card could show another text than is run.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_SINGLE_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛‹›＇", "'"))
_ESCAPED = frozenset("\"'\\“”„‟«»＂‘’‚‛‹›＇")
# What phones make of "--": one or more dashes of any kind before a letter.
_DASHES = re.compile(rf"^(?:[{_DASH}]{{2,}}|[{_DASH[1:]}])(?=\w)")
_DASHES_INSIDE = re.compile(rf"(?<![^ ])-?[{_DASH[1:]}][{_DASH}]*(?:(?P<short>[A-Za-z])(?![\w-])|(?=[^\W\d]))")
_ONLY_DASHES = re.compile(rf"[{_DASH}]{{2,}}|[{_DASH[1:]}]")
_SLACK_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_RUN_LINK = re.compile(r"^https?://\S*/run_id/(\d+)(?:[/?#]\S*)?$", re.IGNORECASE)
_RUN_ID = re.compile(r"^(?:run\s*)?#?(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Word:
    """A word of a command. `quoted` ones are never options; with `closed` its end, the value, stood between quotes."""

    text: str
    quoted: bool = False
    closed: bool = False


def parse(text: str, command: str = "/bolt") -> Command:
    """What was typed behind the slash command, with Slack's escapes. A run's bare number asks how it stands.

    Raises BadCommand.
    """
    words = _words(_typed(text))
    if not words:
        return HelpCommand()
    verb = _DASHES.sub("--", words[0].text).lower()
    if verb in {"help", "?", "--help", "-h"}:
        return _help(words[1:])
    if verb in VERBS and any(_asks_for_help(word) for word in words[1:]):
        return HelpCommand(verb)
    if verb == "run":
        return _run(words[1:], command)
    if verb == "cancel":
        return CancelCommand(_run_id("cancel", words[1:], command))
    if verb == "status":
        return StatusCommand(_run_id("status", words[1:], command))
    if len(words) == 1 and (_RUN_ID.search(verb) or _RUN_LINK.search(verb)):
        return StatusCommand(_run_id("status", words, command))
    near = OTHER_VERBS.get(verb) or _nearest(verb, VERBS)
    hint = f"Did you mean {command} {near}?" if near else f"Type {command} help for what I do."
    _bad(f'I do not know the command "{cut(words[0].text, 40)}". {hint}')


def canonical(command: Command) -> str:
    """A command written so that `parse` gives it again, with Slack's escapes like all that `parse` reads."""
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
    text = _SLACK_TOKEN.sub(_visible, text.strip())
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    if _CONTROL.search(text):
        _bad("Line breaks and control characters are not allowed in a command; type it on one line.")
    return _INVISIBLE.sub("", _SPACE.sub(" ", text)).strip()


def _visible(token: re.Match[str]) -> str:
    kind, target, label = token.groups()
    if label and not _RUN_LINK.search(target):
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
    """The word that begins here, and where the text goes on. Quotes stand around it, or around what follows `--option=`."""
    if quote := _quote_at(text, at):
        inside, end = _inside(text, at, quote)
        return _Word(inside, quoted=True, closed=True), end
    end = at
    while end < len(text) and text[end] != " ":
        quote = _quote_at(text, end)
        if quote and text[end - 1] == "=" and _DASHES.match(text[at:end]):
            inside, after = _inside(text, end, quote)
            return _Word(text[at:end] + inside, closed=True), after
        if quote == '"':
            _bad(f"A quote stands inside a word: {cut(text[at:], 40)} - put quotes around the whole value.")
        end += 1
    return _Word(text[at:end]), end


def _quote_at(text: str, at: int) -> str | None:
    plain = text[at].translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    return plain if plain in {'"', "'"} else None


def _inside(text: str, begun: int, quote: str) -> tuple[str, int]:
    """What stands between a quote and the next of its kind, and where the text goes on."""
    characters: list[str] = []
    at = begun + 1
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in _ESCAPED:
            characters.append(text[at + 1])
            at += 2
            continue
        following = text[at + 1 : at + 2]
        if _quote_at(text, at) == quote and not (quote == "'" and following.isalnum()):
            if following.strip():
                _bad(
                    f"A quote stands inside quotes: {cut(text[begun:], 40)} - write it as \\{quote}, or as the other kind."
                )
            return "".join(characters), at + 1
        characters.append(text[at])
        at += 1
    _bad(f"A quote is not closed: {cut(text[begun:], 40)} - end it with {quote}.")


def _asks_for_help(word: _Word) -> bool:
    return not word.quoted and _DASHES.sub("--", word.text).lower() in {"--help", "-h"}


def _run(words: list[_Word], command: str) -> RunCommand:
    names: list[str] = []
    given: dict[str, list[str]] = {}
    rest = list(words)
    after, loose = "", False
    while rest:
        word = rest.pop(0)
        if not word.quoted and _DASHES.match(word.text) is None and _ONLY_DASHES.fullmatch(word.text):
            _attached(rest)
        if word.quoted or not _is_option(word):
            if after and (names or (loose and not word.quoted)):
                _astray(word, after)
            names.append(word.text)
            after = ""
            continue
        after, value = _option(word, rest)
        given.setdefault(after, []).append(value.text)
        loose = after in {"command", "reason"} and not value.closed
    if not names:
        _bad(f"Which schedule? Name one, as in {command} run nightly.")
    for name in ("branch", "pr", "reason"):
        if len(given.get(name, ())) > 1:
            _bad(f"--{name} is given twice; give it once.")
    return RunCommand(
        schedule=_bounded("The schedule's name", _spaced(" ".join(names)), SCHEDULE_LIMIT),
        branch=_branch(given["branch"][0]) if "branch" in given else None,
        pull_request=_number(given["pr"][0]) if "pr" in given else None,
        commands=_commands(given.get("command", [])),
        reason=_bounded("The reason", _spaced(given["reason"][0]), REASON_LIMIT) if "reason" in given else None,
    )


def _attached(rest: list[_Word]) -> None:
    """Dashes with a space behind them are a part of a name, unless an option was meant."""
    if rest and not rest[0].quoted and rest[0].text.lower() in EXAMPLES:
        name = rest[0].text.lower()
        _bad(f"Write --{name} without a space behind the dashes, as in {EXAMPLES[name]}.")


def _astray(word: _Word, after: str) -> NoReturn:
    example = EXAMPLES[after if after == "command" else "reason"]
    _bad(
        f'I cannot tell what "{cut(word.text, 40)}" belongs to: put a value with spaces between quotes, as in {example}.'
    )


def _is_option(word: _Word) -> bool:
    return re.match(r"^--?[^\W\d]", _DASHES.sub("--", word.text)) is not None


def _option(word: _Word, rest: list[_Word]) -> tuple[str, _Word]:
    """An option's name and its value: behind an equals sign, or the next word, which is taken from `rest`."""
    plain = _DASHES.sub("--", word.text)
    name, equals, value = plain.lstrip("-").partition("=")
    known = OPTIONS.get(name.lower())
    if known is None or (not plain.startswith("--") and len(name) > 1):
        near = known or OTHER_OPTIONS.get(name.lower()) or _nearest(name.lower(), tuple(EXAMPLES))
        hint = f"Did you mean --{near}?" if near else "There are --branch, --pr, --command and --reason."
        _bad(f'There is no option "{cut(plain.partition("=")[0], 40)}". {hint}')
    if equals:
        return known, _Word(value, closed=word.closed)
    return known, _value(known, rest)


def _value(name: str, rest: list[_Word]) -> _Word:
    """The word behind an option. Another option there means that the value is missing."""
    following = rest[0] if rest else None
    if following is None or (not following.quoted and _DASHES.match(following.text) is not None):
        what = "number" if name == "pr" else "value"
        _bad(f"--{name} needs a {what}, as in {EXAMPLES[name]}.")
    return rest.pop(0)


def _branch(text: str) -> str:
    if not text or " " in text or re.match(f"[{_DASH}]", text):
        _bad(f'"{cut(text, 60)}" is no branch; give a branch name or a commit, as in {EXAMPLES["branch"]}.')
    return _bounded("The branch", text, BRANCH_LIMIT)


def _number(text: str) -> int:
    number = _positive(text.removeprefix("#"))
    if number is None:
        _bad(f"--pr needs a number, as in {EXAMPLES['pr']}.")
    return number


def _positive(digits: str) -> int | None:
    """A number that GraphQL's Int can hold, above zero."""
    if not (digits.isascii() and digits.isdecimal()) or len(digits.lstrip("0")) > len(str(GRAPHQL_INT)):
        return None
    number = int(digits.lstrip("0") or "0")
    return number if 0 < number <= GRAPHQL_INT else None


def _commands(given: list[str]) -> tuple[str, ...]:
    if len(given) > COMMANDS_LIMIT:
        _bad(f"Those are {len(given)} commands; {COMMANDS_LIMIT} are the most.")
    return tuple(_bounded("A command", _for_a_shell(command.strip()), COMMAND_LIMIT) for command in given)


def _for_a_shell(command: str) -> str:
    """A command with the quotes and dashes that a phone has changed as they were: no shell knows the others."""
    plain = command.translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    return _DASHES_INSIDE.sub(lambda option: f"{'-' if option['short'] else '--'}{option['short'] or ''}", plain)


def _bounded(what: str, text: str, limit: int) -> str:
    if not text.strip():
        _bad(f"{what} is empty; write it between quotes or leave it out.")
    if len(text) > limit:
        _bad(f"{what} is too long: {len(text)} characters, {limit} are the most.")
    return text


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _run_id(verb: str, words: list[_Word], command: str) -> int:
    text = " ".join(word.text for word in words)
    found = _RUN_ID.search(text) or _RUN_LINK.search(text)
    number = _positive(found[1]) if found else None
    if number is None:
        _bad(f"{verb} needs the number of a run, as in {command} {verb} 4711.")
    return number


def _help(words: list[_Word]) -> HelpCommand:
    topic = words[0].text.lower() if words else None
    return HelpCommand(topic if topic in VERBS else None)


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    near = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return near[0] if near else None


def _quote(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    escaped = "".join(f"\\{letter}" if letter in _ESCAPED else letter for letter in text)
    return f'"{escaped}"'


def _bad(sentence: str) -> NoReturn:
    raise BadCommand(sentence)
