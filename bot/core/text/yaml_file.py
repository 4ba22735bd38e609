"""Reading hand-written YAML files with line numbers: all faults are reported at once, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NoReturn, TypeVar

import yaml
from rapidfuzz import process

LARGEST = 256_000
LIST_MOST = 500
TEXT_MOST = 300
FAULTS_MOST = 20
DEEPEST = 20
IN_QUOTES = "put text that begins with * in quotes"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Node = yaml.Node
Word = TypeVar("Word", bound=StrEnum)


class YamlFileError(ValueError):
    """The file is invalid. `lines` lists the faults, each beginning with its line number."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


class BadNodeError(Exception):
    """A node can't be read any further; its fault has been recorded."""


def compose(text: str) -> Node | None:
    """Parse a file and return its root node, or None if it's empty.

    Raises YamlFileError if the text is too large, isn't YAML, or has anchors, aliases or deep nesting.
    """
    if len(text) > LARGEST:
        raise YamlFileError((f"the file is larger than {LARGEST // 1000} kB",))
    try:
        _check_events(text)
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except YamlFileError:
        raise
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        where = f"line {at.line + 1}: " if at else ""
        advice = f"; {IN_QUOTES}" if "an alias" in (error.context or "") else ""
        raise YamlFileError((f"{where}this isn't YAML: {error.problem or error.context}{advice}",)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlFileError(
            (f"this isn't YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}",)
        ) from None
    return root


def _check_events(text: str) -> None:
    """Refuse anchors, aliases and deep nesting, so that the file reads top to bottom.

    Raises YamlFileError and YAML's own errors.
    """
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent):
            raise YamlFileError((f"line {line}: aliases aren't supported; {IN_QUOTES}",))
        if getattr(event, "anchor", None):
            raise YamlFileError((f"line {line}: anchors and aliases aren't supported; write the value out",))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise YamlFileError((f"line {line}: this is nested too deeply",))


class NodeReader:
    """Reads nodes and collects their faults."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, str]] = []

    def fault_lines(self) -> list[str]:
        """Return the faults sorted by line, at most FAULTS_MOST of them."""
        lines = [f"line {line}: {what}" for line, what in sorted(set(self.faults))]
        more = len(lines) - FAULTS_MOST
        return [*lines[:FAULTS_MOST], f"and {more} more"] if more > 0 else lines

    def fault(self, node: Node | None, what: str) -> None:
        """Record a fault in a node."""
        self.faults.append((node.start_mark.line + 1 if node is not None else 1, what))

    def bad(self, node: Node | None, what: str) -> NoReturn:
        """Record a fault of a node and stop reading it. Raises BadNodeError."""
        self.fault(node, what)
        raise BadNodeError

    def version(self, root: Node, node: Node | None) -> None:
        """Check the `version` key that every file has: only version 1 is supported."""
        if node is None:
            self.fault(root, "version is missing: write version: 1")
        elif not isinstance(node, yaml.ScalarNode) or node.value != "1":
            self.fault(node, "version should be 1: this bot supports no other version")

    def mapping(self, node: Node, known: tuple[str, ...], name: str) -> dict[str, Node]:
        """Return a mapping's values by key. Raises BadNodeError if the node isn't a mapping."""
        if not isinstance(node, yaml.MappingNode):
            self.bad(node, f"{name} should have keys: {', '.join(known)}")
        found: dict[str, Node] = {}
        for key, value in node.value:
            word = key.value if isinstance(key, yaml.ScalarNode) else ""
            if word not in known:
                near = process.extractOne(word, known, score_cutoff=60) if word else None
                meant = f"did you mean {near[0]}?" if near else f"its keys are {', '.join(known)}"
                self.fault(key, f"{quoted(word)} isn't a key of {name}; {meant}")
            elif word in found:
                self.fault(key, f"{name} has {word} twice")
            else:
                found[word] = value
        return found

    def entries(self, node: Node | None, pattern: re.Pattern[str] | None, name: str, what: str) -> list[str]:
        """Read a list of texts, or a single text as a list of one. Raises BadNodeError."""
        if node is None:
            return []
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not nodes:
            self.bad(node, f"{name} is an empty list, which never matches; leave it out or fill it")
        if len(nodes) > LIST_MOST:
            self.bad(node, f"{name} has more than {LIST_MOST} entries")
        return [self.entry(one, pattern, name, what) for one in nodes]

    def entry(self, node: Node, pattern: re.Pattern[str] | None, name: str, what: str) -> str:
        """Read a text that matches a pattern. Raises BadNodeError."""
        text = self.text(node, name, what)
        if pattern is not None and not pattern.fullmatch(text):
            self.bad(node, f"{name}: {quoted(text)} should be {what}")
        return text

    def words(self, node: Node | None, kind: type[Word], name: str) -> list[Word]:
        """Read a list of words, each a member of the enum `kind`. Raises BadNodeError."""
        found: list[Word] = []
        for one in self.entries(node, None, name, f"one of {', '.join(kind)}"):
            if one in set(kind):
                found.append(kind(one))
                continue
            near = process.extractOne(one, list(kind), score_cutoff=60)
            meant = f"did you mean {near[0]}?" if near else f"use one of {', '.join(kind)}"
            self.bad(node, f"{name}: there's no {quoted(one)}; {meant}")
        return found

    def flag(self, node: Node, name: str) -> bool:
        """Read true or false. Raises BadNodeError."""
        value = node.value if isinstance(node, yaml.ScalarNode) and node.style is None else ""
        if value not in {"true", "false"}:
            self.bad(node, f"{name} should be true or false")
        return bool(value == "true")

    def text(self, node: Node, name: str, what: str = "text", *, most: int = TEXT_MOST) -> str:
        """Read a text on one line, at most `most` characters long. Raises BadNodeError."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip() or node.tag.endswith(":null"):
            # YAML reads an unquoted channel name (#name) as a comment, so the value arrives empty.
            self.bad(node, f"{name} should be {what}")
        text = str(node.value).strip()
        if len(text) > most:
            self.bad(node, f"{name} is longer than {most} characters")
        if _UNSEEN.search(text):
            self.bad(node, f"{name} contains a line break or a control character")
        return text


def quoted(text: str) -> str:
    """Quote the first 40 characters of a text for a fault."""
    return f'"{text[:40]}"'
