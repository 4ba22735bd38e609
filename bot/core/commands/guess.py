"""Lines that aren't commands by the grammar, and what they may mean.

`read` returns a command, or a `Guess` that `bot.core.schedules.resolve_guess` resolves once the schedules are loaded.
Only commands that follow the grammar exactly are carried out. Anything else that would start, cancel, retry, pause or
resume something is only offered as a button. Synonyms and the other words that are understood are in
`bot.core.commands.talk`.
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
    ActingCommand,
    CancelCommand,
    Command,
    DigestCommand,
    PauseCommand,
    RetryCommand,
    RunForm,
    SeveralCommand,
    WatchForm,
)
from bot.core.model.errors import BadCommand

# Longer lines aren't searched for a meaning.
GUESSED_MOST = 1000


@dataclass(frozen=True, slots=True)
class Guess:
    """A line that isn't a command. `sentence` says why it isn't, and what to type instead.

    `words` are all of its words. `literal` is the line read as a command, if its first word is almost a verb: one
    with a typo, a synonym of one, or one followed by a question mark. `here`: it's about this channel's newest run.
    """

    sentence: str
    words: tuple[Token, ...] = ()
    literal: Command | None = None
    here: bool = False


def acts(command: Command) -> bool:
    """Whether a command starts, cancels or changes something. All others only read."""
    match command:
        case SeveralCommand(commands):
            return any(map(acts, commands))
        case DigestCommand(every=None):
            return False
    return isinstance(command, ActingCommand)


def read(text: str, prefix: str = "/bolt", *, run_id: int | None = None, names: Sequence[str] = ()) -> Command | Guess:
    """Read a line as a command, or as a guess at one. `bot.core.commands.grammar.parse` explains the arguments.

    `names` are the names of the bot and its slash command, which people may type before a command. Raises BadCommand.
    """
    text = _without_names(text, (prefix, *names))
    asked, stripped = _asked(text)
    line = tokenize(stripped)
    if not line:
        return parse(text, prefix, run_id=run_id)
    if len(line) == 1 and line[0].quoted and not line[0].code:
        # A quoted text is a schedule's name, even if a verb has the same name.
        return Guess(f'"{line[0].text}" isn\'t a schedule. Type {prefix} help to see all commands.', tuple(line))
    try:
        literal = parse(stripped, prefix, run_id=run_id)
    except BadCommand as bad:
        return _guess(line, stripped, prefix, run_id, bad)
    if len(text) > GUESSED_MOST:
        return literal
    return _doubted(literal, line, prefix, asked=asked)


def _doubted(literal: Command, line: list[Token], prefix: str, *, asked: bool) -> Command | Guess:
    """Turn a command back into a guess if the line may not have been meant as one."""
    if isinstance(literal, RetryCommand | PauseCommand) and len(line) > 1 and not line[1].quoted:
        name = plain(line[1].text)
        if isinstance(literal, RetryCommand) and literal.schedule_text and name in LAST and len(line) == 2:
            return Guess(_which_run(prefix, "retry"), tuple(line), literal, here=True)
        if _is_run(line[1]) and (isinstance(literal, PauseCommand) or (literal.schedule_text and len(line) > 2)):
            return Guess(_which_run(prefix, "retry"), tuple(line))
    if asked and acts(literal) and not isinstance(literal, RunForm | WatchForm):
        return Guess("A command can't end with a question mark. Nothing was done.", tuple(line), literal)
    if not acts(literal) and _holds_talk(line[1:]):
        return Guess(f"There's no such schedule. Type {prefix} list to see all schedules.", tuple(line), literal)
    return literal


def _holds_talk(rest: Sequence[Token]) -> bool:
    """Whether a name contains conversational words, as in "show me the logs of nightly"."""
    said = [plain(word.text) for word in rest if not word.quoted and not word.text.startswith("-")]
    return any(word in TALK or word in NOISE or word in VERB_OF for word in said) and len(rest) > 1


def _guess(line: list[Token], text: str, prefix: str, run_id: int | None, bad: BadCommand) -> Guess:
    """Turn a line that isn't a command into a guess.

    Raises BadCommand if the verb is right and an option or one of several run ids is wrong, or if the line is too long.
    """
    if len(text) > GUESSED_MOST:
        raise bad
    first = plain(line[0].text)
    if first in VERBS and len(line) > 2 and all(map(_is_run, line[1:])):
        raise bad
    verb = first if first in VERBS else VERB_OF.get(first) or near_verb(first)
    if verb is None or line[0].quoted:
        return Guess(bad.sentence, tuple(line))
    if first not in VERBS:
        return Guess(bad.sentence, tuple(line), _with_verb(verb, text, first, line, prefix, run_id))
    if any(token.text.startswith("-") and not token.quoted for token in line[1:]):
        # The command is spelled right, and `bad` already explains what's wrong with its option.
        raise bad
    here = verb == "cancel" and len(line) == 2 and plain(line[1].text) in LAST and not line[1].quoted
    return Guess(bad.sentence, tuple(line), _about_thread(verb, line[1:], run_id), here=here)


def _with_verb(
    verb: str, text: str, first: str, line: Sequence[Token], prefix: str, run_id: int | None
) -> Command | None:
    """The command that a line means if its first word stands for `verb`, or None if it doesn't mean one."""
    rest = _behind_verb(text, first)
    if not rest and verb in {"run", "retry", "cancel"}:
        return _about_thread(verb, line[1:], run_id)
    try:
        return parse(f"{verb} {rest}", prefix, run_id=run_id)
    except BadCommand:
        return _about_thread(verb, line[1:], run_id)


def _about_thread(verb: str, rest: Sequence[Token], run_id: int | None) -> Command | None:
    """A command about the current thread's run, as in "cancel it", or None if it isn't one."""
    if run_id is None or any(word.quoted or plain(word.text) not in PRONOUNS for word in rest):
        return None
    if verb == "cancel":
        return CancelCommand(run_id)
    return RetryCommand(every=False, run_id=run_id) if verb == "retry" else None


def _behind_verb(text: str, first: str) -> str:
    """The text after the first word and after a particle that belongs to it, as in "kick off"."""
    rest = text.strip().partition(" ")[2].strip()
    head, _, tail = rest.partition(" ")
    return tail if plain(head) in PARTICLES.get(first, ()) else rest


def _without_names(text: str, names: Sequence[str]) -> str:
    """Remove the bot's own name before a command, as in "/bolt run nightly" in a direct message."""
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


def _which_run(prefix: str, verb: str) -> str:
    return f"Which run? Type its number, as in {prefix} {verb} 4711."
