"""Read the watches file (YAML), naming the line of each fault, and write watches in its format.

`bot.flows.keep_watches` applies the file.

`bot.core.text.yaml_file` reports the faults that any YAML file can have, such as an unknown key.

    version: 1
    channels:
      C0123ABC:
        - watch: finance-*
          owner: ada@example.com
          mention: S0123ABC
        - watch: nightly
          branch: "*"

`watch` is a slug or a pattern; the other keys are the options of the command `watch` by their long names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import yaml

from bot.core.commands.values import read_branch
from bot.core.commands.watch_values import read_late, read_only, read_owner, read_quiet, read_slow, read_time_zone
from bot.core.model.command import WatchCommand
from bot.core.model.errors import BadCommand
from bot.core.model.watch import WATCHES_MOST, WATCHES_MOST_IN_CHANNEL, Watch
from bot.core.text.yaml_file import BadNodeError, Node, NodeReader, YamlFileError, compose, quoted
from bot.core.watching.watch_of_command import subject

CHANNEL = re.compile(r"[CGD][A-Z0-9]{2,20}")
WHO = re.compile(r"owner|none|[UWS][A-Z0-9]{2,20}")
KEYS = ("watch", "owner", "branch", "prs", "only", "mention", "late", "slow", "quiet", "tz")
PATTERN_MOST = 100
HOUR_S, MINUTE_S = 3600, 60
_WHAT = {
    "owner": "an owner's name or email address in Bolt, as in ada@example.com",
    "branch": "a branch, or * for any",
    "only": "failures, ends or all",
    "mention": "owner, none, or the id of a user or a user group, as in U0123ABC or S0123ABC",
    "late": "a time from 1m to 24h, such as 30m, or off",
    "slow": "a factor such as 2x, a time from 1m to 24h, or off",
    "quiet": "two different times of day, as in 22:00-07:00",
    "tz": "the name of a time zone, as in Europe/Berlin",
}

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class FileWatch:
    """A watch that the file defines for a channel, as if somebody had typed the command there."""

    channel: str
    command: WatchCommand
    line: int


def read_watches(text: str) -> tuple[FileWatch, ...]:
    """Parse a watches file. Raises YamlFileError with all faults, at most FAULTS_MOST."""
    reader = _Reader()
    watches = reader.file(compose(text))
    if reader.faults:
        raise YamlFileError(reader.fault_lines())
    return tuple(watches)


def write_watches(watches: Sequence[Watch]) -> str:
    """Write watches in the format of a watches file. If several watches name the same schedules, the last one wins."""
    channels: dict[str, list[dict[str, object]]] = {}
    for watch in {subject(one): one for one in watches}.values():
        channels.setdefault(watch.channel, []).append(_options(watch))
    written: str = yaml.safe_dump(
        {"version": 1, "channels": channels}, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000
    )
    return written


class _Reader(NodeReader):
    """Reads the nodes of a watches file."""

    def file(self, root: Node | None) -> list[FileWatch]:
        """Read the file's watches, leaving out those with faults."""
        if root is None:
            self.fault(None, "the file is empty; it needs version: 1 and channels")
            return []
        try:
            given = self.mapping(root, ("version", "channels"), "the file")
        except BadNodeError:
            return []
        self.version(root, given.get("version"))
        if "channels" not in given:
            self.fault(root, "channels are missing: add each channel's id, with a list of watches")
            return []
        found = self._channels(given["channels"])
        if len(found) > WATCHES_MOST:
            self.fault(root, f"there are more than {WATCHES_MOST} watches")
        return found

    def _channels(self, node: Node) -> list[FileWatch]:
        if isinstance(node, yaml.MappingNode) and not node.value:
            return []
        if not isinstance(node, yaml.MappingNode):
            self.fault(node, "channels should list each channel by its id, as in C0123ABC, followed by its watches")
            return []
        found: list[FileWatch] = []
        lines: dict[str, int] = {}
        for key, value in node.value:
            try:
                channel = self.entry(key, CHANNEL, "channels", "a channel's id, as in C0123ABC")
                if channel in lines:
                    self.bad(key, f"{channel} is already on line {lines[channel]}")
                lines[channel] = key.start_mark.line + 1
                found += self._watches(channel, value)
            except BadNodeError:
                continue
        return found

    def _watches(self, channel: str, node: Node) -> list[FileWatch]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self.bad(node, f"{channel} should have a list of watches: each begins with a dash, as in - watch: nightly")
        if len(node.value) > WATCHES_MOST_IN_CHANNEL:
            self.bad(node, f"{channel} has more than {WATCHES_MOST_IN_CHANNEL} watches")
        found: list[FileWatch] = []
        lines: dict[tuple[str, str | None, str | None], int] = {}
        for one in node.value:
            command = self._watch(one)
            if command is None:
                continue
            about, line = (command.pattern_text.lower(), command.owner, command.branch), one.start_mark.line + 1
            if about in lines:
                self.fault(one, f"the watch on line {lines[about]} covers the same schedules")
            lines.setdefault(about, line)
            found.append(FileWatch(channel, command, line))
        return found

    def _watch(self, node: Node) -> WatchCommand | None:
        try:
            given = self.mapping(node, KEYS, "a watch")
        except BadNodeError:
            return None
        if "watch" not in given:
            self.fault(node, "the entry has no watch: add a slug or a pattern, such as finance-*")
        faults = len(self.faults)
        command = WatchCommand(
            self._of(given, "watch", lambda one: self.text(one, "watch", "a slug or a pattern", most=PATTERN_MOST))
            or "*",
            owner=self._value(given, "owner", read_owner),
            branch=self._value(given, "branch", read_branch),
            pull_requests=self._of(given, "prs", lambda one: self.flag(one, "prs")) or False,
            only=self._value(given, "only", read_only),
            mention=self._value(given, "mention", _mention),
            late_s=self._value(given, "late", read_late),
            slow=self._value(given, "slow", read_slow),
            quiet=self._value(given, "quiet", read_quiet),
            time_zone=self._value(given, "tz", read_time_zone),
        )
        if "quiet" in given and "tz" not in given:
            self.fault(given["quiet"], f"quiet needs tz, {_WHAT['tz']}")
        return command if "watch" in given and len(self.faults) == faults else None

    def _value(self, given: dict[str, Node], key: str, read: Callable[[str], Value]) -> Value | None:
        def value(node: Node) -> Value:
            text = self.text(node, key, _WHAT[key])
            try:
                return read(text)
            except BadCommand:
                self.bad(node, f"{key}: {quoted(text)} should be {_WHAT[key]}")

        return self._of(given, key, value)

    def _of(self, given: dict[str, Node], key: str, read: Callable[[Node], Value]) -> Value | None:
        """Read a key's value. None if it's missing or has a fault, so that the other keys' faults are found too."""
        try:
            return read(given[key]) if key in given else None
        except BadNodeError:
            return None


def _mention(text: str) -> str:
    if not WHO.fullmatch(text):
        raise BadCommand(text)
    return text


# --- writing ---


def _options(watch: Watch) -> dict[str, object]:
    """A watch's options, by their long names: those that differ from the defaults."""
    options: dict[str, object] = {"watch": watch.pattern}
    options |= {"owner": watch.owner} if watch.owner is not None else {}
    options |= {"branch": watch.branch} if watch.branch is not None else {}
    options |= {"prs": True} if watch.pull_requests else {}
    options |= {"only": watch.only} if watch.only != "failures" else {}
    options |= {"mention": watch.mention} if watch.mention != "owner" else {}
    options |= _late_and_slow(watch)
    options |= {"quiet": f"{watch.quiet.begin}-{watch.quiet.end}"} if watch.quiet else {}
    return options | ({"tz": watch.time_zone} if watch.time_zone else {})


def _late_and_slow(watch: Watch) -> dict[str, object]:
    """The options for late and slow runs. `off` is written too, because a watch on one schedule has both by default."""
    late = _period(watch.late_s) if watch.late_s else "off"
    slow = "off"
    if watch.slow is not None:
        slow = f"{watch.slow.factor:g}x" if watch.slow.factor else _period(watch.slow.seconds or 0)
    given = {"late": late, "slow": slow}
    return {key: text for key, text in given.items() if text != "off" or watch.is_exact}


def _period(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // HOUR_S}h" if whole % HOUR_S == 0 else f"{whole // MINUTE_S}m"
