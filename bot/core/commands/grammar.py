"""The command grammar, tolerant of what phones and people in a hurry type.

`parse` returns a frozen command or raises BadCommand with one plain sentence. The parser never guesses between two
readings: a value with spaces needs quotes, and the words of a schedule's name must be adjacent.

The arguments and options of each verb are in `verbs`, and the values that an option accepts are in `values`.
"""

from __future__ import annotations

import re
from typing import NoReturn

from rapidfuzz import fuzz, process

from bot.core.commands.given import Given
from bot.core.commands.talk import LAST, VERB_OF, near_verb
from bot.core.commands.tokens import (
    DASHES,
    ENDINGS,
    ONLY_DASHES,
    RUN_ID,
    RUN_LINK,
    Token,
    bad,
    by_id,
    tokenize,
)
from bot.core.commands.values import EXAMPLES
from bot.core.commands.verbs import VERBS
from bot.core.model.command import (
    Command,
    HelpCommand,
    LatestRunCommand,
    RunForm,
)
from bot.core.text.text import cut

NEAR_ENOUGH = 60
# Mentions in these commands are matched by id: a label is a display name, which two people may share.
BY_ID = frozenset({"audit", "watch"})
FLAGS = frozenset({"continue-on-error", "all", "inactive", "suspended", "failing", "follow", "prs"})
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


def parse(text: str, prefix: str = "/bolt", *, run_id: int | None = None) -> Command:
    """Parse what was typed after the slash command or a mention, with Slack's escapes.

    `prefix` is shown before examples. `run_id` is the run of the current thread, which commands may then leave
    out. A bare run number asks for the run's status. Raises BadCommand.
    """
    line = tokenize(text)
    if not line:
        return RunForm()
    verb = DASHES.sub("--", line[0].text).lower()
    verb = verb.rstrip(ENDINGS) if len(line) == 1 and not line[0].quoted else verb
    if verb in {"help", "?", "--help", "-h"}:
        return VERBS["help"].read(Given("help", prefix, tuple(line[1:])))
    if verb in VERBS and any(_asks_for_help(word) for word in line[1:]):
        return HelpCommand(verb)
    if verb in BY_ID:
        line = tokenize(by_id(text))
    if verb in VERBS:
        return VERBS[verb].read(_given(verb, line[1:], prefix, run_id))
    if len(line) == 1 and verb in LAST and not line[0].quoted:
        return LatestRunCommand("status")
    if len(line) == 1 and (RUN_ID.search(verb) or RUN_LINK.search(line[0].text)):
        return VERBS["status"].read(_given("status", line, prefix, run_id))
    near = VERB_OF.get(verb) or near_verb(verb)
    hint = f"Did you mean {prefix} {near}?" if near else f"Type {prefix} help to see all commands."
    bad(f'There\'s no command "{cut(line[0].text, 40)}". {hint}')


def _given(verb: str, rest: list[Token], prefix: str, run_id: int | None) -> Given:
    """Split the arguments of a verb into words and options. Raises BadCommand."""
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
        # A flag takes no value, so the words after it can only be part of the name.
        after = "" if name in FLAGS else name
        loose = after in {"command", "reason"} and not value.closed
    for name, values in options.items():
        if len(values) > 1 and name != "command":
            bad(f"--{name} is given twice. Use it once.")
    return Given(verb, prefix, tuple(names), options, run_id)


def _taken(verb: str) -> tuple[str, ...]:
    return tuple(VERBS[verb].options)


def _attached(verb: str, rest: list[Token]) -> None:
    """Refuse dashes with a space before an option's name; other lone dashes are part of a schedule's name."""
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
    """Read an option's name and its value, which follows an equals sign or is the next word, taken from `rest`."""
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
    """Take the next word as an option's value. Raises BadCommand if there is none, or another option follows."""
    following = rest[0] if rest else None
    if following is None or (not following.quoted and DASHES.match(following.text) is not None):
        what = "number" if name in {"pr", "runs"} else "value"
        bad(f"--{name} needs a {what}, as in {EXAMPLES[name]}.")
    return rest.pop(0)


def _asks_for_help(word: Token) -> bool:
    return not word.quoted and DASHES.sub("--", word.text).lower() in {"--help", "-h"}


def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    near = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return near[0] if near else None
