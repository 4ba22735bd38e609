"""The owners file: YAML read with its line numbers, so that each fault names its line.

`bot.core.text.yaml_file` reports the faults that any YAML file can have, such as an unknown key.

    version: 1
    owners:
      ada@example.com: U0123ABC
      Data platform: S0123ABC
    schedules:
      finance-*: S0456DEF

`owners` has owners as Bolt names them, by address or name; `schedules` has slugs and patterns: the first one that
matches a schedule takes precedence over its owner. Each is followed by the id of a user or a user group.
"""

from __future__ import annotations

import re

import yaml

from bot.core.text.yaml_file import BadNodeError, Node, NodeReader, YamlFileError, compose, quoted
from bot.core.watching.owners import Owners, owner_key

ENTRIES_MOST = 5000
WHO = re.compile(r"[UWS][A-Z0-9]{2,20}")
_WHO_WORDS = "the id of a user or a user group, as in U0123ABC or S0123ABC"


def read_owners(text: str) -> Owners:
    """Parse an owners file. Raises YamlFileError with all faults, at most FAULTS_MOST."""
    reader = _Reader()
    owners = reader.file(compose(text))
    if reader.faults:
        raise YamlFileError(reader.fault_lines())
    return owners


class _Reader(NodeReader):
    """Reads the nodes of an owners file."""

    def file(self, root: Node | None) -> Owners:
        """Read the file, leaving out entries with faults."""
        if root is None:
            self.fault(None, "the file is empty; it needs version: 1, and owners or schedules")
            return Owners()
        try:
            given = self.mapping(root, ("version", "owners", "schedules"), "the file")
        except BadNodeError:
            return Owners()
        self.version(root, given.get("version"))
        if "owners" not in given and "schedules" not in given:
            self.fault(root, "owners and schedules are missing: the file needs at least one of them")
        schedules = self._pairs(given.get("schedules"), "schedules", "a slug or a pattern, such as finance-*")
        owners = self._pairs(given.get("owners"), "owners", "an owner's name or email address in Bolt")
        return Owners(tuple((pattern, who) for pattern, _, who in schedules), {key: who for _, key, who in owners})

    def _pairs(self, node: Node | None, name: str, what: str) -> list[tuple[str, str, str]]:
        """The keys, as written and folded, and the ids."""
        if node is None:
            return []
        if not isinstance(node, yaml.MappingNode) or not node.value:
            self.fault(node, f"{name} should have lines like {_EXAMPLES[name]}")
            return []
        if len(node.value) > ENTRIES_MOST:
            self.fault(node, f"{name} has more than {ENTRIES_MOST} entries")
            return []
        found: list[tuple[str, str, str]] = []
        lines: dict[str, int] = {}
        for key, value in node.value:
            try:
                word = self.text(key, f"each of the {name}", what)
                folded = word.lower() if name == "schedules" else owner_key(word)
                if folded in lines:
                    self.bad(key, f"{name} already has {quoted(word)} on line {lines[folded]}")
                lines[folded] = key.start_mark.line + 1
                found.append((word, folded, self._who(value, word)))
            except BadNodeError:
                continue
        return found

    def _who(self, node: Node, word: str) -> str:
        text = self.text(node, word, _WHO_WORDS)
        if not WHO.fullmatch(text):
            self.bad(node, f"{quoted(word)}: {quoted(text)} should be {_WHO_WORDS}")
        return text


_EXAMPLES = {"owners": "ada@example.com: U0123ABC", "schedules": "finance-*: S0123ABC"}
