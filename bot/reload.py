"""Read the policy, owners, watches and hints again, on SIGHUP or when a file has changed.

Each file is all or nothing: if it can't be used, the previous value stays in effect.

The files are listed in `bot.live_files`.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog
from prometheus_client import Counter, Gauge

from bot.core.logs.hints.file import HintsFileError
from bot.core.model.current import Current
from bot.core.policy.file import PolicyError
from bot.core.text.yaml_file import YamlFileError

log = structlog.get_logger()
T = TypeVar("T")

LOOK_S = 30.0
# A file that was written so recently may not be complete yet.
SETTLED_S = 2.0
FAULTS_SHOWN = 3
READ = Counter(
    "bolt_bot_file_reads",
    "How many times a file was read again, by setting and outcome (replaced, unchanged, refused).",
    ("setting", "outcome"),
)
REFUSED = Gauge(
    "bolt_bot_file_refused", "1 while a file can't be used and the previous one stays in effect.", ("setting",)
)

# A file's identity, to notice a change, even if it's a link that now leads to another file, as in Kubernetes.
Fingerprint = tuple[int, int, int, int] | None


@dataclass(slots=True)
class ReloadedFile(Generic[T]):
    """A file that a setting names, and its value in effect.

    `load` reads it, and `count` sums up its content in a few numbers. `seen` identifies the file that
    was last read, usable or not.
    """

    setting: str
    path: Path
    load: Callable[[Path], T]
    current: Current[T]
    count: Callable[[T], dict[str, int]]
    seen: Fingerprint
    is_refused: bool = False

    def has_changed(self) -> bool:
        """Whether the file has changed since it was last read, and is probably complete."""
        now = fingerprint(self.path)
        # The clock of the machine that wrote it may be ahead of ours.
        return now != self.seen and (now is None or abs(time.time() - now[2] / 1e9) > SETTLED_S)


def fingerprint(path: Path) -> Fingerprint:
    """Return a file's identity, or None if it can't be found."""
    try:
        found = os.stat(path)  # noqa: PTH116 - follows links, as reading does
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


class Reloader:
    """Reads files again. `mask` is applied to what is logged."""

    def __init__(self, files: Sequence[ReloadedFile[Any]], mask: Callable[[str], str]) -> None:
        self._files = files
        self._mask = mask
        self._asked = asyncio.Event()
        for file in files:
            REFUSED.labels(file.setting).set(0)

    def ask(self) -> None:
        """Request that all files be read again."""
        self._asked.set()

    async def run(self) -> None:
        """Read the files when asked, or when they change, until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._asked.wait()
            asked = self._asked.is_set()
            self._asked.clear()
            await (self.read_all() if asked else self.read_changed())

    async def read_all(self) -> None:
        """Read all files again."""
        if not self._files:
            log.info("there's no file to read again: no setting names one")
        for file in self._files:
            await self._read(file)

    async def read_changed(self) -> None:
        """Read the files that have changed."""
        for file in self._files:
            if file.has_changed():
                await self._read(file)

    def notes(self) -> list[str]:
        """Return a line for each file that can't be used. A bad file doesn't make the bot unready."""
        return [
            f"{file.setting} can't be used; the previous version is in effect"
            for file in self._files
            if file.is_refused
        ]

    async def _read(self, file: ReloadedFile[Any]) -> None:
        # Taken first: a file that is written while it's read is read again.
        file.seen = fingerprint(file.path)
        try:
            value = await asyncio.to_thread(file.load, file.path)
        except (PolicyError, HintsFileError, YamlFileError) as error:
            self._refuse(file, error.lines)
            return
        file.is_refused = False
        REFUSED.labels(file.setting).set(0)
        before = file.current.value
        if value == before:
            READ.labels(file.setting, "unchanged").inc()
            log.info("read a file again: unchanged", setting=file.setting)
            return
        file.current.replace(value)
        READ.labels(file.setting, "replaced").inc()
        was = {f"{name}_before": count for name, count in file.count(before).items()}
        log.info("read a file again: its changes are now in effect", setting=file.setting, **file.count(value), **was)

    def _refuse(self, file: ReloadedFile[Any], lines: Sequence[str]) -> None:
        file.is_refused = True
        REFUSED.labels(file.setting).set(1)
        READ.labels(file.setting, "refused").inc()
        more = len(lines) - FAULTS_SHOWN
        why = "; ".join([*lines[:FAULTS_SHOWN], *([f"and {more} more"] if more > 0 else [])])
        log.error(
            "a file can't be used, so the previous one stays in effect", setting=file.setting, why=self._mask(why)
        )
