"""Tokenizer for typed lines: Slack's escapes, phones' quotes and dashes, invisible characters.

The tokenizer never guesses between two readings: a value with spaces needs quotes, and a quote inside quotes of its
kind needs a backslash. Backticks quote too, verbatim, and may surround the whole line, because people paste commands
from documents. A command is one line; several lines are refused, since an option on the second one would be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from bot.core.model.errors import BadCommand
from bot.core.text.quoting import ESCAPED
from bot.core.text.text import cut

# Slack's limit for a message, in characters.
LINE_MOST = 40_000

DASH = "-\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
_SPACE = re.compile(r"\s")
# Zero-width spaces and joiners, soft hyphens, direction marks: with them, a card could show a different text from the
# one that runs.
_INVISIBLE = re.compile(
    r"[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DOUBLE_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂", '"'))
_SINGLE_QUOTES = str.maketrans(dict.fromkeys("‘’‚‛‹›＇", "'"))
# Formatting around a whole pasted line. No command begins with any of these.
_AROUND = ("```", "`", "*", "_", "~")
# The dashes into which phones turn "--": one or more of any kind, directly before a letter.
DASHES = re.compile(rf"^(?:[{DASH}]{{2,}}|[{DASH[1:]}])(?=\w)")
_DASHES_INSIDE = re.compile(rf"(?<![^ ])-?[{DASH[1:]}][{DASH}]*(?:(?P<short>[A-Za-z])(?![\w-])|(?=[^\W\d]))")
ONLY_DASHES = re.compile(rf"[{DASH}]{{2,}}|[{DASH[1:]}]")
_SLACK_TOKEN = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")
_LABELLED = re.compile(r"<([@#][A-Z0-9]+|!subteam\^[A-Z0-9]+)\|[^<>]*>")
# Punctuation at the end of a sentence.
ENDINGS = ".,;:!…"
RUN_LINK = re.compile(r"^https?://(?=\S*$)\S*/run_id/(\d+)(?:[/?#]|$)", re.IGNORECASE)
RUN_ID = re.compile(r"^(?:run\s*)?#?(\d+)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a command. A `quoted` word is never an option; a `closed` one ends in quotes, as in `--option="value"`.

    `code`: the quotes were backticks, which may be mere formatting.
    """

    text: str
    quoted: bool = False
    closed: bool = False
    code: bool = False


def tokenize(text: str) -> list[Token]:
    """Split a line into words. Raises BadCommand."""
    if len(text) > LINE_MOST:
        bad(f"That's too long for a command: {len(text)} characters. The limit is {LINE_MOST}.")
    return _split(_typed(text))


def by_id(text: str) -> str:
    """Remove the labels that Slack may add to mentions of people, user groups and channels: only the ids are left."""
    return _LABELLED.sub(r"<\1>", text)


def _typed(text: str) -> str:
    """Undo Slack's escapes: links and mentions become their visible text, entities become characters."""
    text = _unwrapped(_SLACK_TOKEN.sub(_visible, text.strip()))
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(entity, character)
    if _CONTROL.search(text):
        bad("A command can't contain line breaks or control characters. Type it on one line.")
    return _INVISIBLE.sub("", _SPACE.sub(" ", text)).strip()


def _unwrapped(text: str) -> str:
    """Remove formatting that surrounds the whole line."""
    for mark in _AROUND:
        inside = text[len(mark) : -len(mark)]
        if text.startswith(mark) and text.endswith(mark) and inside.strip() and mark not in inside:
            return _unwrapped(inside.strip())
    return text


def visible(text: str) -> str:
    """Clean a form field as a command is cleaned: one line, without invisible characters. Raises BadCommand."""
    if _CONTROL.search(text):
        bad("This can't contain control characters. Type it again.")
    return _INVISIBLE.sub("", _SPACE.sub(" ", text)).strip()


def _visible(token: re.Match[str]) -> str:
    kind, target, label = token.groups()
    if label and not RUN_LINK.search(target):
        return f"{kind}{label}" if kind in {"@", "#"} else label
    return f"{kind}{target}" if kind else target.removeprefix("mailto:")


def _split(text: str) -> list[Token]:
    """Split at spaces outside quotes. An apostrophe inside a word isn't a quote."""
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        word, at = _word(text, at)
        found.append(word)
    return found


def _word(text: str, at: int) -> tuple[Token, int]:
    """Read the word at `at`, and return it with the position after it.

    Quotes may surround the word, or the value after `--option=`.
    """
    if text[at] == "`":
        inside, end = _code(text, at)
        return Token(inside, quoted=True, closed=True, code=True), end
    if quote := _quote_at(text, at):
        inside, end = _inside(text, at, quote)
        return Token(inside, quoted=True, closed=True), end
    end = at
    while end < len(text) and text[end] != " ":
        quote = _quote_at(text, end)
        if text[end - 1] == "=" and DASHES.match(text[at:end]) and (quote or text[end] == "`"):
            inside, after = _inside(text, end, quote) if quote else _code(text, end)
            return Token(text[at:end] + inside, closed=True), after
        if quote == '"':
            bad(f"There's a quote inside a word: {cut(text[at:], 40)}. Put quotes around the whole value.")
        end += 1
    return Token(text[at:end]), end


def _quote_at(text: str, at: int) -> str | None:
    plain = text[at].translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    return plain if plain in {'"', "'"} else None


def _inside(text: str, begun: int, quote: str) -> tuple[str, int]:
    """Read the text between a quote and the next of its kind; return it with the position after it."""
    characters: list[str] = []
    at = begun + 1
    while at < len(text):
        if text[at] == "\\" and text[at + 1 : at + 2] in ESCAPED:
            characters.append(text[at + 1])
            at += 2
            continue
        following = text[at + 1 : at + 2]
        if _quote_at(text, at) == quote and not (quote == "'" and following.isalnum()):
            if following.strip():
                bad(
                    f"There's a quote inside quotes: {cut(text[begun:], 40)}. Write it as \\{quote}, or use the other kind."
                )
            return "".join(characters), at + 1
        characters.append(text[at])
        at += 1
    bad(f"A quote isn't closed: {cut(text[begun:], 40)}. End it with {quote}.")


def _code(text: str, begun: int) -> tuple[str, int]:
    """Read the verbatim text between single or triple backticks; return it with the position after it."""
    fence = "```" if text.startswith("```", begun) else "`"
    end = text.find(fence, begun + len(fence))
    if end < 0:
        bad(f"A backtick isn't closed: {cut(text[begun:], 40)}. End it with {fence}.")
    after = end + len(fence)
    if text[after : after + 1].strip():
        bad(f"There's no space after a backtick: {cut(text[begun:], 40)}. Add one.")
    return text[begun + len(fence) : end].strip(), after


def without_fence(text: str) -> str:
    """Remove one or three surrounding backticks.

    The backticks are formatting, and a shell would run the text between them.
    """
    for fence in ("```", "`"):
        inside = text[len(fence) : -len(fence)]
        if len(text) >= 2 * len(fence) and text.startswith(fence) and text.endswith(fence) and "`" not in inside:
            return inside.strip()
    return text


def for_a_shell(command: str) -> str:
    """Restore the quotes and dashes that a phone changed, because shells only know the plain ones."""
    plain = command.translate(_DOUBLE_QUOTES).translate(_SINGLE_QUOTES)
    return _DASHES_INSIDE.sub(lambda option: f"{'-' if option['short'] else '--'}{option['short'] or ''}", plain)


def bad(sentence: str) -> NoReturn:
    """Raise BadCommand."""
    raise BadCommand(sentence)
