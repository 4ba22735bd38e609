"""Reading a YAML file that people write, with its lines: every fault in it is found at once, and names where it is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import NoReturn, TypeVar

import yaml
from rapidfuzz import process

LARGEST = 256 * 1024
LIST_MOST = 500
TEXT_MOST = 300
FAULTS_MOST = 20
DEEPEST = 20
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Node = yaml.Node
Word = TypeVar("Word", bound=StrEnum)


class YamlFileError(ValueError):
    """The file isn't what it should be. `lines`: each fault, beginning with the line where it is."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


class BadNodeError(Exception):
    """A node can't be read any further; its fault is recorded."""


def compose(text: str) -> Node | None:
    """The root of a file, None if it's empty.

    Raises YamlFileError if it's too large, isn't YAML, or has anchors, aliases or deep nesting.
    """
    if len(text) > LARGEST:
        raise YamlFileError((f"the file is larger than {LARGEST // 1024} KB",))
    try:
        _check_events(text)
        root: Node | None = yaml.compose(text, Loader=yaml.SafeLoader)
    except YamlFileError:
        raise
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        where = f"line {at.line + 1}: " if at else ""
        raise YamlFileError((f"{where}this isn't YAML: {error.problem or error.context}",)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise YamlFileError(
            (f"this isn't YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}",)
        ) from None
    return root


def _check_events(text: str) -> None:
    """Refuses anchors, aliases and deep nesting: the file is read from top to bottom. Raises YamlFileError and YAML's errors."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None):
            raise YamlFileError((f"line {line}: anchors and aliases aren't supported; write it out",))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise YamlFileError((f"line {line}: this is nested too deeply",))


class NodeReader:
    """Reads nodes, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, str]] = []

    def fault_lines(self) -> list[str]:
        """The faults in the order of their lines, at most FAULTS_MOST of them."""
        lines = [f"line {line}: {what}" for line, what in sorted(set(self.faults))]
        more = len(lines) - FAULTS_MOST
        return [*lines[:FAULTS_MOST], f"and {more} more"] if more > 0 else lines

    def fault(self, node: Node | None, what: str) -> None:
        """Record what is wrong with a node."""
        self.faults.append((node.start_mark.line + 1 if node is not None else 1, what))

    def bad(self, node: Node | None, what: str) -> NoReturn:
        """Record what is wrong with a node, and read it no further. Raises BadNodeError."""
        self.fault(node, what)
        raise BadNodeError

    def version(self, root: Node, node: Node | None) -> None:
        """The first key of every file: only version 1 is known."""
        if node is None:
            self.fault(root, "version is missing: write version: 1")
        elif not isinstance(node, yaml.ScalarNode) or node.value != "1":
            self.fault(node, "version should be 1: this bot supports no other")

    def mapping(self, node: Node, known: tuple[str, ...], name: str) -> dict[str, Node]:
        """The values of a mapping by their keys. Raises BadNodeError if it isn't one."""
        if not isinstance(node, yaml.MappingNode):
            self.bad(node, f"{name} should have keys: {', '.join(known)}")
        found: dict[str, Node] = {}
        for key, value in node.value:
            word = key.value if isinstance(key, yaml.ScalarNode) else ""
            if word not in known:
                near = process.extractOne(word, known, score_cutoff=60) if word else None
                meant = f"did you mean {near[0]}?" if near else f"its keys are {', '.join(known)}"
                self.fault(key, f"{name} has no {quoted(word)}; {meant}")
            elif word in found:
                self.fault(key, f"{name} has {word} twice")
            else:
                found[word] = value
        return found

    def entries(self, node: Node | None, pattern: re.Pattern[str] | None, name: str, what: str) -> list[str]:
        """The texts of a list, or of a single text. Raises BadNodeError."""
        if node is None:
            return []
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not nodes:
            self.bad(node, f"{name} is an empty list, which never matches; leave it out or fill it")
        if len(nodes) > LIST_MOST:
            self.bad(node, f"{name} has more than {LIST_MOST} entries")
        return [self.entry(one, pattern, name, what) for one in nodes]

    def entry(self, node: Node, pattern: re.Pattern[str] | None, name: str, what: str) -> str:
        """A text that fits a pattern. Raises BadNodeError."""
        text = self.text(node, name, what)
        if pattern is not None and not pattern.fullmatch(text):
            self.bad(node, f"{name}: {quoted(text)} should be {what}")
        return text

    def words(self, node: Node | None, kind: type[Word], name: str) -> list[Word]:
        """The words of a list, each one of a kind. Raises BadNodeError."""
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
        """True or false. Raises BadNodeError."""
        value = node.value if isinstance(node, yaml.ScalarNode) and node.style is None else ""
        if value not in {"true", "false"}:
            self.bad(node, f"{name} should be true or false")
        return bool(value == "true")

    def text(self, node: Node, name: str, what: str = "a text", *, most: int = TEXT_MOST) -> str:
        """A text in one line, of at most `most` characters. Raises BadNodeError."""
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip() or node.tag.endswith(":null"):
            # YAML reads a channel's name without quotes as a comment, and so as nothing at all.
            self.bad(node, f"{name} should be {what}")
        text = str(node.value).strip()
        if len(text) > most:
            self.bad(node, f"{name} is longer than {most} characters")
        if _UNSEEN.search(text):
            self.bad(node, f"{name} contains a line break or a control character")
        return text


def quoted(text: str) -> str:
    """The beginning of what a file says, in quotes."""
    return f'"{text[:40]}"'
