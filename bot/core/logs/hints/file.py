"""A team's own hints: a YAML file, read with its line numbers, so that each fault names its line.

`bot.core.text.yaml_file` reports the faults that any YAML file can have, such as an unknown key.

    version: 1
    hints:
      - id: vpn_down
        pattern: '^could not connect to server: .{1,80} via vpn'
        text: The VPN to the warehouse is down.
        next: Ask in #infra for it to be restarted.
        retry: yes
        runbook: https://wiki.example.com/vpn
        schedule: prod-*

`id`, `pattern` and `text` are required. The caller (`bot.hints_file`) supplies the compiler for patterns,
which may refuse one, and the mask for sentences.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

import yaml

from bot.core.logs.hints.hint import Hint, Matcher, OwnHint
from bot.core.model.cause import Retry
from bot.core.text.yaml_file import BadNodeError, Node, NodeReader, YamlFileError, compose, quoted

HINTS_MOST = 200
PATTERN_MOST = 500
SENTENCE_MOST = 200
RUNBOOK_MOST = 300
KEYS = ("id", "pattern", "text", "next", "retry", "runbook", "schedule")
NEEDED = {
    "id": "a unique name, such as vpn_down",
    "pattern": "what to look for in a failure's message",
    "text": "what such a message means, in one sentence",
}
ID = re.compile(r"[a-z0-9]+(?:[_-][a-z0-9]+){0,10}")
ID_MOST = 40
_ADDRESS = re.compile(r"https://[^\s<>|`\"'\\@]{3,}")
_ENDED = re.compile(r"[.!?…][)\"'”]?$")

Value = TypeVar("Value")


class HintsFileError(YamlFileError):
    """The hints file is invalid. `lines` lists the faults, each beginning with its line number."""


class PatternError(ValueError):
    """A pattern can't be used; the message says why."""


def read_hints(text: str, compile_pattern: Callable[[str], Matcher], mask: Callable[[str], str]) -> tuple[OwnHint, ...]:
    """Parse a hints file. Raises HintsFileError, which lists up to FAULTS_MOST faults.

    `compile_pattern` raises PatternError. Sentences are passed through `mask`.
    """
    try:
        root = compose(text)
    except YamlFileError as error:
        raise HintsFileError(_in_quotes(line) for line in error.lines) from None
    reader = _Reader(compile_pattern, mask)
    hints = reader.file(root)
    if reader.faults:
        raise HintsFileError(reader.fault_lines())
    return hints


def _in_quotes(line: str) -> str:
    """Add advice on backslashes in double quotes, the usual mistake with patterns in YAML."""
    return f"{line}; put patterns in single quotes" if "escape character" in line else line


class _Reader(NodeReader):
    """Reads the nodes of a hints file."""

    def __init__(self, compile_pattern: Callable[[str], Matcher], mask: Callable[[str], str]) -> None:
        super().__init__()
        self._compile = compile_pattern
        self._mask = mask
        self._ids: dict[str, int] = {}

    def file(self, root: Node | None) -> tuple[OwnHint, ...]:
        """Read the file's hints, leaving out those with faults."""
        if root is None:
            self.fault(None, "the file is empty; it needs version: 1 and hints")
            return ()
        try:
            given = self.mapping(root, ("version", "hints"), "the file")
        except BadNodeError:
            return ()
        self.version(root, given.get("version"))
        if "hints" not in given:
            self.fault(root, "hints are missing: add a list of hints; the first match wins")
            return ()
        return tuple(hint for hint in self._hints(given["hints"]) if hint)

    def _hints(self, node: Node) -> list[OwnHint | None]:
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, "hints should be a list: each hint begins with a dash")
            return []
        if not node.value:
            self.fault(node, "there are no hints in the list")
        if len(node.value) > HINTS_MOST:
            self.fault(node, f"there are more than {HINTS_MOST} hints")
            return []
        return [self._hint(one) for one in node.value]

    def _hint(self, node: Node) -> OwnHint | None:
        try:
            given = self.mapping(node, KEYS, "a hint")
        except BadNodeError:
            return None
        for key, what in NEEDED.items():
            if key not in given:
                self.fault(node, f"the hint has no {key} ({what})")
        id_ = self._of(given, "id", self._id)
        pattern = self._of(given, "pattern", self._pattern)
        text = self._of(given, "text", lambda one: self._sentence(one, "text"))
        next_ = self._of(given, "next", lambda one: self._sentence(one, "next"))
        retry = self._of(given, "retry", self._retry)
        runbook = self._of(given, "runbook", self._runbook)
        schedule = self._of(given, "schedule", lambda one: self.text(one, "schedule", "a schedule's name or slug"))
        if id_ is None or pattern is None or text is None:
            return None
        hint = Hint(
            id_, "own", "own", text, next_ or "", retry or Retry.MAYBE, patterns=(pattern[0],), runbook=runbook or ""
        )
        return OwnHint(hint, pattern[1], schedule or "")

    def _of(self, given: dict[str, Node], key: str, read: Callable[[Node], Value]) -> Value | None:
        """Read a key's value.

        Returns None if it's missing or has a fault, so that the other keys' faults are found too.
        """
        try:
            return read(given[key]) if key in given else None
        except BadNodeError:
            return None

    def _id(self, node: Node) -> str:
        what = "lowercase letters and digits, joined by _ or -, as in vpn_down"
        text = self.text(node, "id", what, most=ID_MOST)
        if not ID.fullmatch(text):
            self.bad(node, f"id: {quoted(text)} should be {what}")
        if text in self._ids:
            self.bad(node, f"id: {quoted(text)} is already used as an id on line {self._ids[text]}")
        self._ids[text] = node.start_mark.line + 1
        return text

    def _pattern(self, node: Node) -> tuple[str, Matcher]:
        text = self.text(node, "pattern", "a regular expression", most=PATTERN_MOST)
        try:
            return text, self._compile(text)
        except PatternError as error:
            self.bad(node, f"pattern: {error}")

    def _sentence(self, node: Node, name: str) -> str:
        text = self._mask(self.text(node, name, "a sentence", most=SENTENCE_MOST))
        return text if _ENDED.search(text) else f"{text}."

    def _retry(self, node: Node) -> Retry:
        found = self.words(node, Retry, "retry")
        if len(found) != 1:
            self.bad(node, f"retry should be one of {', '.join(Retry)}")
        return found[0]

    def _runbook(self, node: Node) -> str:
        text = self.text(node, "runbook", "an address that begins with https://", most=RUNBOOK_MOST)
        try:
            fits = bool(_ADDRESS.fullmatch(text) and urlsplit(text).hostname and urlsplit(text).port != 0)
        except ValueError:
            fits = False
        if not fits:
            self.bad(node, "runbook should be an address that begins with https://, without a username or password")
        if self._mask(text) != text:
            self.bad(node, "runbook contains something that looks like a secret, and everyone sees the link")
        return text
