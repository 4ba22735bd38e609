"""The policy file: YAML read with its line numbers, so that each fault names its line.

`bot.core.text.yaml_file` reports the faults that any YAML file can have, such as an unknown key.

    version: 1
    rules:
      - name: production needs a second pair of eyes
        who: {groups: ["@analytics"], roles: [member]}
        where: {channels: ["#prod-*"], kinds: [private], shared: false}
        what: [start, retry]
        which: {schedules: ["prod-*"], owners: ["*@example.com"], branches: [main], commands: ["dbt run --select **"]}
        approve: {by: "@data-leads", within: 30 min}
      - what: [read, logs, artifacts]
        allow: true
      - deny: ask the data team

In `who`, `where` and `which`, every given key has to match, and in a list one matching entry is enough. A rule has one of
`allow`, `deny` and `approve`. A request that no rule matches is refused.
"""

from __future__ import annotations

import re

import yaml

from bot.core.model.channel import ChannelKind
from bot.core.model.person import Role
from bot.core.policy.rules import Action, Allow, Approve, Deny, Effect, Overrides, Policy, Rule, Where, Which, Who
from bot.core.text.yaml_file import BadNodeError, Node, NodeReader, YamlFileError, compose

RULES_MOST = 500
LONGEST_S = 86_400.0
WITHIN = re.compile(r"(\d{1,5}) ?(s|min|h)")
UNITS_S = {"s": 1, "min": 60, "h": 3600}
USER = re.compile(r"[UW][A-Z0-9]{2,20}")
GROUP = re.compile(r"S[A-Z0-9]{2,20}|@[\w.-]{1,80}")
CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}|#[^\s#]{1,80}")
DOMAIN = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


class PolicyError(YamlFileError):
    """The file isn't a valid policy. `lines` lists the faults, each beginning with its line number."""


def read_policy(text: str) -> Policy:
    """Parse a policy file. Raises PolicyError with all faults, at most FAULTS_MOST."""
    try:
        root = compose(text)
    except YamlFileError as error:
        raise PolicyError(error.lines) from None
    reader = _Reader()
    policy = reader.policy(root)
    if reader.faults or policy is None:
        raise PolicyError(reader.fault_lines())
    return policy


class _Reader(NodeReader):
    """Reads the nodes of a policy."""

    def policy(self, root: Node | None) -> Policy | None:
        if root is None:
            self.fault(None, "the file is empty; it needs version: 1 and rules")
            return None
        try:
            given = self.mapping(root, ("version", "rules"), "the policy")
        except BadNodeError:
            return None
        self.version(root, given.get("version"))
        if "rules" not in given:
            self.fault(root, "rules are missing: add a list of rules, which is read from top to bottom")
            return None
        return Policy(tuple(rule for rule in self._rules(given["rules"]) if rule))

    def _rules(self, node: Node) -> list[Rule | None]:
        if not isinstance(node, yaml.SequenceNode):
            self.fault(node, "rules should be a list: each rule begins with a dash")
            return []
        if not node.value:
            self.fault(node, "there are no rules, so nobody could do anything")
        if len(node.value) > RULES_MOST:
            self.fault(node, f"there are more than {RULES_MOST} rules")
            return []
        return [self._rule(one, number) for number, one in enumerate(node.value, start=1)]

    def _rule(self, node: Node, number: int) -> Rule | None:
        effects = ("allow", "deny", "approve")
        try:
            given = self.mapping(node, ("name", "who", "where", "what", "which", *effects), "a rule")
            chosen = [name for name in effects if name in given]
            if len(chosen) != 1:
                says = f"has {' and '.join(chosen)}" if chosen else "has no decision"
                self.bad(node, f"the rule {says}: it needs exactly one of allow, deny or approve")
            what = frozenset(self.words(given.get("what"), Action, "what"))
            if "approve" in given and not (what and what <= {Action.START, Action.RETRY}):
                self.bad(
                    node,
                    "approve works only for starts and retries: write what: [start, retry], or list only one of them",
                )
            return Rule(
                name=self.text(given["name"], "name") if "name" in given else f"rule {number}",
                effect=self._effect(chosen[0], given[chosen[0]]),
                who=self._who(given.get("who")),
                where=self._where(given.get("where")),
                what=what,
                which=self._which(given.get("which")),
                line=node.start_mark.line + 1,
            )
        except BadNodeError:
            return None

    def _effect(self, name: str, node: Node) -> Effect:
        if name == "allow":
            if self.flag(node, "allow"):
                return Allow()
            self.bad(node, "allow should be true; to refuse, write deny with a reason")
        if name == "deny":
            return Deny(self.text(node, "deny", "a reason to show to the person").rstrip("."))
        if isinstance(node, yaml.ScalarNode):
            return Approve(self.entry(node, GROUP, "approve", "a user group, such as @data-leads or S0123ABC"))
        given = self.mapping(node, ("by", "within"), "approve")
        if "by" not in given:
            self.bad(node, "approve needs the key “by”: the user group whose members can approve")
        by = self.entry(given["by"], GROUP, "by", "a user group, such as @data-leads or S0123ABC")
        return Approve(by, self._seconds(given["within"])) if "within" in given else Approve(by)

    def _seconds(self, node: Node) -> float:
        text = self.text(node, "within")
        found = WITHIN.fullmatch(text)
        seconds = int(found[1]) * UNITS_S[found[2]] if found else 0
        if not 1 <= seconds <= LONGEST_S:
            self.bad(node, "within should be a time of at most 24 h, such as 30 min, 2 h or 90 s")
        return float(seconds)

    def _who(self, node: Node | None) -> Who:
        given = self._part(node, ("users", "groups", "roles", "domains"), "who")
        return Who(
            users=frozenset(self.entries(given.get("users"), USER, "users", "a user's id, such as U0123ABC")),
            groups=frozenset(
                self.entries(given.get("groups"), GROUP, "groups", "a user group, such as @data or S0123ABC")
            ),
            roles=frozenset(self.words(given.get("roles"), Role, "roles")),
            domains=frozenset(self.entries(given.get("domains"), DOMAIN, "domains", "a domain, such as example.com")),
        )

    def _where(self, node: Node | None) -> Where:
        given = self._part(node, ("channels", "kinds", "shared"), "where")
        what = 'a channel\'s id, such as C0123ABC, or its name in quotes, such as "#data"'
        return Where(
            channels=tuple(self.entries(given.get("channels"), CHANNEL, "channels", what)),
            kinds=frozenset(self.words(given.get("kinds"), ChannelKind, "kinds")),
            shared=self.flag(given["shared"], "shared") if "shared" in given else None,
        )

    def _which(self, node: Node | None) -> Which:
        given = self._part(node, ("schedules", "owners", "branches", "commands"), "which")
        return Which(
            schedules=tuple(self.entries(given.get("schedules"), None, "schedules", "a pattern for names or slugs")),
            owners=tuple(self.entries(given.get("owners"), None, "owners", "a pattern for owners")),
            branch=self._overrides(given.get("branches"), "branches"),
            commands=self._overrides(given.get("commands"), "commands"),
        )

    def _overrides(self, node: Node | None, name: str) -> Overrides | None:
        if node is None:
            return None
        if isinstance(node, yaml.ScalarNode):
            if node.value not in {"any", "none"}:
                self.bad(node, f"{name} should be any, none, or a list of patterns")
            return Overrides(any=node.value == "any")
        return Overrides(any=False, patterns=tuple(self.entries(node, None, name, "a pattern")))

    # --- nodes ---

    def _part(self, node: Node | None, known: tuple[str, ...], name: str) -> dict[str, Node]:
        if node is None:
            return {}
        given = self.mapping(node, known, name)
        if not given:
            self.bad(node, f"{name} is empty; leave it out to match everything")
        return given
