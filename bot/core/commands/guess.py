"""What a line may mean that isn't a command as commands are defined.

`read` gives a command, or a `Guess` to be resolved by `bot.core.schedules.resolve_guess` once the schedules are at hand. Commands that are
spelled as they're defined act. Everything else that would start, cancel, retry, pause or resume something is only offered on a button.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.commands.grammar import parse
from bot.core.commands.talk import LAST, NOISE, PARTICLES, PRONOUNS, TALK, VERB_OF, near_verb, plain
from bot.core.commands.tokens import RUN_ID, RUN_LINK, Token, tokenize
from bot.core.commands.verbs import VERBS
from bot.core.model.command import (
    CancelCommand,
    Command,
    RetryCommand,
    RunCommand,
    RunForm,
    SeveralCommand,
    SuspendCommand,
)
from bot.core.model.errors import BadCommand

# A sentence that is longer than this isn't looked through.
GUESSED_MOST = 1000
_ACTS = (RunCommand, RunForm, RetryCommand, CancelCommand, SuspendCommand)


@dataclass(frozen=True, slots=True)
class Guess:
    """A line that isn't a command. `sentence` says why, and what to type instead.

    `words` are all of its words. `literal` is what the line says if its first word is taken for a verb: a slip of the finger, a
    synonym, a question mark behind a command. `here`: it's about this channel's newest run.
    """

    sentence: str
    words: tuple[Token, ...] = ()
    literal: Command | None = None
    here: bool = False


def acts(command: Command) -> bool:
    """Whether a command starts, cancels or changes something. All others only read."""
    return isinstance(command, _ACTS) or (
        isinstance(command, SeveralCommand) and any(acts(one) for one in command.commands)
    )


def read(text: str, command: str = "/bolt", *, run_id: int | None = None, names: Sequence[str] = ()) -> Command | Guess:
    """The command that was typed, or a guess at what was meant. See `bot.core.commands.grammar.parse` for the arguments.

    `names` are what the bot and its slash command are called: people type them before a command. Raises BadCommand.
    """
    text = _without_names(text, (command, *names))
    asked, stripped = _asked(text)
    line = tokenize(stripped)
    if not line:
        return parse(text, command, run_id=run_id)
    if len(line) == 1 and line[0].quoted and not line[0].code:
        # Quotes name the schedule, whatever verb is called the same.
        return Guess(f'"{line[0].text}" isn\'t a schedule. Type {command} help to see all commands.', tuple(line))
    try:
        literal = parse(stripped, command, run_id=run_id)
    except BadCommand as bad:
        return _guess(line, stripped, command, run_id, bad)
    if len(text) > GUESSED_MOST:
        return literal
    return _doubted(literal, line, command, asked=asked)


def _doubted(literal: Command, line: list[Token], command: str, *, asked: bool) -> Command | Guess:
    """A line that reads as a command and isn't certain to be one."""
    if isinstance(literal, RetryCommand | SuspendCommand) and len(line) > 1 and not line[1].quoted:
        name = plain(line[1].text)
        if isinstance(literal, RetryCommand) and literal.latest_of and name in LAST and len(line) == 2:
            return Guess(_which_run(command, "retry"), tuple(line), literal, here=True)
        if _is_run(line[1]) and (isinstance(literal, SuspendCommand) or (literal.latest_of and len(line) > 2)):
            return Guess(_which_run(command, "retry"), tuple(line))
    if asked and acts(literal) and not isinstance(literal, RunForm):
        return Guess("A command has no question mark. Nothing was done.", tuple(line), literal)
    if not acts(literal) and _holds_talk(line[1:]):
        return Guess(f"There's no such schedule. Type {command} list to see all schedules.", tuple(line), literal)
    return literal


def _holds_talk(rest: Sequence[Token]) -> bool:
    """Whether a name holds words of talk: "show me the logs of nightly"."""
    said = [plain(word.text) for word in rest if not word.quoted and not word.text.startswith("-")]
    return any(word in TALK or word in NOISE or word in VERB_OF for word in said) and len(rest) > 1


def _guess(line: list[Token], text: str, command: str, run_id: int | None, bad: BadCommand) -> Guess:
    """A line that is no command. Raises BadCommand if what is wrong with it is an option or a value."""
    if len(text) > GUESSED_MOST:
        raise bad
    first = plain(line[0].text)
    if first in VERBS and len(line) > 2 and all(map(_is_run, line[1:])):
        raise bad
    verb = first if first in VERBS else VERB_OF.get(first) or near_verb(first)
    if verb is None or line[0].quoted:
        return Guess(bad.sentence, tuple(line))
    if first not in VERBS:
        return Guess(bad.sentence, tuple(line), _with_verb(verb, text, first, line, command, run_id))
    if any(token.text.startswith("-") and not token.quoted for token in line[1:]):
        # An option of a command that is spelled right: what is wrong with it has been said.
        raise bad
    here = verb == "cancel" and len(line) == 2 and plain(line[1].text) in LAST and not line[1].quoted
    return Guess(bad.sentence, tuple(line), _about_thread(verb, line[1:], run_id), here=here)


def _with_verb(
    verb: str, text: str, first: str, line: Sequence[Token], command: str, run_id: int | None
) -> Command | None:
    """The command that a line is if its first word stands for `verb`; None if it's none."""
    rest = _behind_verb(text, first)
    if not rest and verb in {"run", "retry", "cancel"}:
        return _about_thread(verb, line[1:], run_id)
    try:
        return parse(f"{verb} {rest}", command, run_id=run_id)
    except BadCommand:
        return _about_thread(verb, line[1:], run_id)


def _about_thread(verb: str, rest: Sequence[Token], run_id: int | None) -> Command | None:
    """*Cancel it* in the thread of a run."""
    if run_id is None or any(word.quoted or plain(word.text) not in PRONOUNS for word in rest):
        return None
    if verb == "cancel":
        return CancelCommand(run_id)
    return RetryCommand(every=False, run_id=run_id) if verb == "retry" else None


def _behind_verb(text: str, first: str) -> str:
    """What follows the first word, and the particle that belongs to it."""
    rest = text.strip().partition(" ")[2].strip()
    head, _, tail = rest.partition(" ")
    return tail if plain(head) in PARTICLES.get(first, ()) else rest


def _without_names(text: str, names: Sequence[str]) -> str:
    """A line without the bot's own name before its command: "/bolt run nightly" in a direct message."""
    bare = {name.strip().lstrip("/@").lower() for name in names} - {""}
    head, _, rest = text.strip().partition(" ")
    if not rest and head.startswith("/") and head[1:].lower() in bare:
        return ""
    if rest.strip() and head.rstrip(":,").lstrip("/@").lower() in bare and "<" not in head:
        return rest.strip()
    return text


def _asked(text: str) -> tuple[bool, str]:
    """Whether a line ends with a question mark, and the line without it."""
    bare = text.strip()
    stripped = re.sub(r"\s*\?[?!]*$", "", bare)
    return (True, stripped) if stripped and stripped != bare else (False, text)


def _is_run(word: Token) -> bool:
    return bool(RUN_ID.search(word.text.rstrip(".,;:!")) or RUN_LINK.search(word.text))


def _which_run(command: str, verb: str) -> str:
    return f"Which run? Type its number, as in {command} {verb} 4711."
