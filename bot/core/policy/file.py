"""The policy's file: YAML read with its lines, so that each fault names where it is.

    version: 1
    rules:
      - name: production asks a second pair of eyes
        who: {groups: ["@analytics"], roles: [member]}
        where: {channels: ["#prod-*"], kinds: [private], shared: false}
        what: [start, retry]
        which: {schedules: ["prod-*"], owners: ["*@example.com"], branches: [main], commands: ["dbt run --select **"]}
        approve: {by: "@data-leads", within: 30 min}
      - what: [read, logs, artifacts]
        allow: true
      - deny: ask the data team

In `who`, `where` and `which` every key that is given has to fit, and in a list one entry is enough. A rule has one of
`allow`, `deny` and `approve`. What no rule fits is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import NoReturn, TypeVar

import yaml
from rapidfuzz import process

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role
from bot.core.policy.rules import Action, Allow, Approve, Deny, Effect, Overrides, Policy, Rule, Where, Which, Who

LARGEST = 256 * 1024
RULES_MOST = 500
LIST_MOST = 500
TEXT_MOST = 300
FAULTS_MOST = 20
DEEPEST = 20
LONGEST_S = 86_400.0
WITHIN = re.compile(r"(\d{1,5}) ?(s|min|h)")
UNITS_S = {"s": 1, "min": 60, "h": 3600}
USER = re.compile(r"[UW][A-Z0-9]{2,20}")
GROUP = re.compile(r"S[A-Z0-9]{2,20}|@[\w.-]{1,80}")
CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}|#[^\s#]{1,80}")
DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Node = yaml.Node
Fault = Callable[[Node | None, str], None]
Word = TypeVar("Word", bound=StrEnum)


class PolicyError(ValueError):
    """The file is no policy. `lines`: each fault, beginning with the line where it is."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines = tuple(lines)
        super().__init__("\n".join(self.lines))


class _BadNodeError(Exception):
    """What stands here is not to be read on."""


def read_policy(text: str) -> Policy:
    """The policy that a file holds. Raises PolicyError with every fault that was found, at most FAULTS_MOST."""
    if len(text) > LARGEST:
        raise PolicyError((f"the file is larger than {LARGEST // 1024} KB",))
    try:
        root = yaml.compose(_flat(text), Loader=yaml.SafeLoader)
    except PolicyError:
        raise
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        where = f"line {at.line + 1}: " if at else ""
        raise PolicyError((f"{where}this isn't YAML: {error.problem or error.context}",)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise PolicyError(
            (f"this isn't YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}",)
        ) from None
    reader = _Reader()
    policy = reader.policy(root)
    if reader.faults or policy is None:
        raise PolicyError(reader.told())
    return policy


def _flat(text: str) -> str:
    """Refuses anchors, aliases and deep nesting: a policy is read from top to bottom. Raises PolicyError and YAML's errors."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if getattr(event, "anchor", None):
            raise PolicyError((f"line {line}: anchors and aliases aren't supported; write it out",))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise PolicyError((f"line {line}: this is nested too deeply",))
    return text


class _Reader:
    """Reads nodes, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[tuple[int, str]] = []

    def told(self) -> list[str]:
        """The faults by their lines."""
        lines = [f"line {line}: {what}" for line, what in sorted(set(self.faults))]
        more = len(lines) - FAULTS_MOST
        return [*lines[:FAULTS_MOST], f"and {more} more"] if more > 0 else lines

    def policy(self, root: Node | None) -> Policy | None:
        if root is None:
            self.faults.append((1, "the file is empty; it needs version: 1 and rules"))
            return None
        try:
            given = self._mapping(root, ("version", "rules"), "the policy")
        except _BadNodeError:
            return None
        self._version(root, given.get("version"))
        if "rules" not in given:
            self._fault(root, "rules are missing: a list of rules, read from top to bottom")
            return None
        return Policy(tuple(rule for rule in self._rules(given["rules"]) if rule))

    def _version(self, root: Node, node: Node | None) -> None:
        if node is None:
            self._fault(root, "version is missing: write version: 1")
        elif not isinstance(node, yaml.ScalarNode) or node.value != "1":
            self._fault(node, "version should be 1: this bot supports no other")

    def _rules(self, node: Node) -> list[Rule | None]:
        if not isinstance(node, yaml.SequenceNode):
            self._fault(node, "rules should be a list: each rule begins with a dash")
            return []
        if not node.value:
            self._fault(node, "there are no rules, so nobody could do anything")
        if len(node.value) > RULES_MOST:
            self._fault(node, f"there are more than {RULES_MOST} rules")
            return []
        return [self._rule(one, number) for number, one in enumerate(node.value, start=1)]

    def _rule(self, node: Node, number: int) -> Rule | None:
        effects = ("allow", "deny", "approve")
        try:
            given = self._mapping(node, ("name", "who", "where", "what", "which", *effects), "a rule")
            chosen = [name for name in effects if name in given]
            if len(chosen) != 1:
                says = f"has {' and '.join(chosen)}" if chosen else "decides nothing"
                self._bad(node, f"the rule {says}: it needs one of allow, deny and approve")
            what = frozenset(self._words(given.get("what"), Action, "what"))
            if "approve" in given and not (what and what <= {Action.START, Action.RETRY}):
                self._bad(node, "only starts and retries can be approved: add what: [start, retry] or one of them")
            return Rule(
                name=self._text(given["name"], "name") if "name" in given else f"rule {number}",
                effect=self._effect(chosen[0], given[chosen[0]]),
                who=self._who(given.get("who")),
                where=self._where(given.get("where")),
                what=what,
                which=self._which(given.get("which")),
                line=node.start_mark.line + 1,
            )
        except _BadNodeError:
            return None

    def _effect(self, name: str, node: Node) -> Effect:
        if name == "allow":
            if self._flag(node, "allow"):
                return Allow()
            self._bad(node, "allow should be true; to refuse, write deny with a reason")
        if name == "deny":
            return Deny(self._text(node, "deny", "a reason that the person sees").rstrip("."))
        if isinstance(node, yaml.ScalarNode):
            return Approve(self._one(node, GROUP, "approve", "a user group, as in @data-leads or S0123ABC"))
        given = self._mapping(node, ("by", "within"), "approve")
        if "by" not in given:
            self._bad(node, "approve needs by: the user group whose members may approve")
        by = self._one(given["by"], GROUP, "by", "a user group, as in @data-leads or S0123ABC")
        return Approve(by, self._seconds(given["within"])) if "within" in given else Approve(by)

    def _seconds(self, node: Node) -> float:
        text = self._text(node, "within")
        found = WITHIN.fullmatch(text)
        seconds = int(found[1]) * UNITS_S[found[2]] if found else 0
        if not 1 <= seconds <= LONGEST_S:
            self._bad(node, "within should be a time of at most 24 h, as in 30 min, 2 h or 90 s")
        return float(seconds)

    def _who(self, node: Node | None) -> Who:
        given = self._part(node, ("users", "groups", "roles", "domains"), "who")
        return Who(
            users=frozenset(self._list(given.get("users"), USER, "users", "a user's id, as in U0123ABC")),
            groups=frozenset(self._list(given.get("groups"), GROUP, "groups", "a user group, as in @data or S0123ABC")),
            roles=frozenset(self._words(given.get("roles"), Role, "roles")),
            domains=frozenset(self._list(given.get("domains"), DOMAIN, "domains", "a domain, as in example.com")),
        )

    def _where(self, node: Node | None) -> Where:
        given = self._part(node, ("channels", "kinds", "shared"), "where")
        what = "a channel, as in C0123ABC, or its name with a # and quotes around it"
        return Where(
            channels=tuple(self._list(given.get("channels"), CHANNEL, "channels", what)),
            kinds=frozenset(self._words(given.get("kinds"), ChannelKind, "kinds")),
            shared=self._flag(given["shared"], "shared") if "shared" in given else None,
        )

    def _which(self, node: Node | None) -> Which:
        given = self._part(node, ("schedules", "owners", "branches", "commands"), "which")
        return Which(
            schedules=tuple(self._list(given.get("schedules"), None, "schedules", "a pattern of names or slugs")),
            owners=tuple(self._list(given.get("owners"), None, "owners", "a pattern of owners")),
            branch=self._overrides(given.get("branches"), "branches"),
            commands=self._overrides(given.get("commands"), "commands"),
        )

    def _overrides(self, node: Node | None, name: str) -> Overrides | None:
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            if node.value not in {"any", "none"}:
                self._bad(node, f"{name} should be any, none, or a list of patterns")
            return Overrides(any=node.value == "any")
        return Overrides(any=False, patterns=tuple(self._list(node, None, name, "a pattern")))

    # --- nodes ---

    def _part(self, node: Node | None, known: tuple[str, ...], name: str) -> dict[str, Node]:
        if node is None:
            return {}
        given = self._mapping(node, known, name)
        if not given:
            self._bad(node, f"{name} is empty; leave it out to match everything")
        return given

    def _mapping(self, node: Node, known: tuple[str, ...], name: str) -> dict[str, Node]:
        if not isinstance(node, yaml.MappingNode):
            self._bad(node, f"{name} should have keys: {', '.join(known)}")
        found: dict[str, Node] = {}
        for key, value in node.value:
            word = key.value if isinstance(key, yaml.ScalarNode) else ""
            if word not in known:
                near = process.extractOne(word, known, score_cutoff=60) if word else None
                meant = f"did you mean {near[0]}?" if near else f"its keys are {', '.join(known)}"
                self._fault(key, f"{name} has no {_shown(word)}; {meant}")
            elif word in found:
                self._fault(key, f"{name} has {word} twice")
            else:
                found[word] = value
        return found

    def _list(self, node: Node | None, pattern: re.Pattern[str] | None, name: str, what: str) -> list[str]:
        if node is None:
            return []
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        if not nodes:
            self._bad(node, f"{name} is an empty list, which never matches; leave it out or fill it")
        if len(nodes) > LIST_MOST:
            self._bad(node, f"{name} has more than {LIST_MOST} entries")
        return [self._one(one, pattern, name, what) for one in nodes]

    def _one(self, node: Node, pattern: re.Pattern[str] | None, name: str, what: str) -> str:
        text = self._text(node, name, what)
        if pattern is not None and not pattern.fullmatch(text):
            self._bad(node, f"{name}: {_shown(text)} should be {what}")
        return text

    def _words(self, node: Node | None, kind: type[Word], name: str) -> list[Word]:
        found: list[Word] = []
        for one in self._list(node, None, name, f"one of {', '.join(kind)}"):
            if one in set(kind):
                found.append(kind(one))
                continue
            near = process.extractOne(one, list(kind), score_cutoff=60)
            meant = f"did you mean {near[0]}?" if near else f"use one of {', '.join(kind)}"
            self._bad(node, f"{name}: there's no {_shown(one)}; {meant}")
        return found

    def _flag(self, node: Node, name: str) -> bool:
        value = node.value if isinstance(node, yaml.ScalarNode) and node.style is None else ""
        if value not in {"true", "false"}:
            self._bad(node, f"{name} should be true or false")
        return bool(value == "true")

    def _text(self, node: Node, name: str, what: str = "a text") -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.value.strip() or node.tag.endswith(":null"):
            # YAML reads a channel's name without quotes as a comment, and so as nothing at all.
            self._bad(node, f"{name} should be {what}")
        text = str(node.value).strip()
        if len(text) > TEXT_MOST:
            self._bad(node, f"{name} is longer than {TEXT_MOST} characters")
        if _UNSEEN.search(text):
            self._bad(node, f"{name} contains a line break or a control character")
        return text

    def _fault(self, node: Node, what: str) -> None:
        self.faults.append((node.start_mark.line + 1, what))

    def _bad(self, node: Node | None, what: str) -> NoReturn:
        self.faults.append((node.start_mark.line + 1 if node is not None else 1, what))
        raise _BadNodeError


def _shown(text: str) -> str:
    return f'"{text[:40]}"'
