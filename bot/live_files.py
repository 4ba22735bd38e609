"""The files that settings name and that are read again while the bot runs.

`bot.reload` decides when they're read again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.core.logs.hints.hint import Table
from bot.core.model.current import Current
from bot.core.policy.rules import Policy
from bot.core.watching.owners import Owners
from bot.core.watching.watches_file import FileWatch
from bot.hints_file import load_hint_table
from bot.policy_file import load_policy
from bot.reload import ReloadedFile, Reloader, fingerprint
from bot.settings import Settings
from bot.watch_files import load_owners, load_watches

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LiveFiles:
    """The files' contents, each behind a reference that outlives a reload, and the reloader that reads them again."""

    policy: Current[Policy]
    hints: Current[Table]
    owners: Current[Owners]
    watches: Current[Sequence[FileWatch]]
    reloader: Reloader


def load_files(settings: Settings, mask: Callable[[str], str]) -> LiveFiles:
    """Load all files. Raises PolicyError, HintsFileError and YamlFileError."""
    files: list[ReloadedFile[Any]] = []

    def loaded(
        setting: str, path: Path | None, load: Callable[[Path | None], T], count: Callable[[T], dict[str, int]]
    ) -> Current[T]:
        # Taken before the file is read: a file that changes while it's read is read again.
        seen = fingerprint(path) if path else None
        current = Current(load(path))
        if path:
            files.append(ReloadedFile(setting, path, load, current, count, seen))
        return current

    return LiveFiles(
        loaded(
            "BOLT_BOT_POLICY_FILE", settings.bolt_bot_policy_file, load_policy, lambda one: {"rules": len(one.rules)}
        ),
        loaded(
            "BOLT_BOT_HINTS_FILE",
            settings.bolt_bot_hints_file,
            lambda path: load_hint_table(path, mask),
            lambda one: {"hints": len(one.own)},
        ),
        loaded(
            "BOLT_BOT_OWNERS_FILE",
            settings.bolt_bot_owners_file,
            load_owners,
            lambda one: {"patterns": len(one.by_schedule), "owners": len(one.by_owner)},
        ),
        loaded(
            "BOLT_BOT_WATCHES_FILE", settings.bolt_bot_watches_file, load_watches, lambda one: {"watches": len(one)}
        ),
        Reloader(files, mask),
    )
