"""The watches and owners files that settings name: read at startup, with a line for each fault."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.cli import main
from bot.core.model.command import WatchCommand
from bot.core.model.watch import Watch
from bot.core.watching.owners import Owners
from bot.core.watching.watches_file import FileWatch, read_watches
from bot.load_settings import SettingsError, load_settings
from bot.store.connect import close, connect
from bot.store.scripts import Scripts
from bot.store.watches import Watches
from bot.watch_files import load_owners, load_watches
from tests.cli.test_commands import COMPLETE
from tests.e2e.command import bolt_bot
from tests.test_settings import LEAST


def faults(**files: Path) -> tuple[str, ...]:
    """The lines that a start prints."""
    environment = {**LEAST, **{name: str(file) for name, file in files.items()}}
    with patch.dict(os.environ, environment, clear=True), pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.lines


def test_without_files_there_is_nothing() -> None:
    """Without files, there are no owners and no watches from files."""
    assert load_owners(None) == Owners()
    assert load_watches(None) == ()


def test_an_owners_file_is_read(tmp_path: Path) -> None:
    """An owners file is read."""
    file = tmp_path / "owners.yaml"
    file.write_text("version: 1\nowners: {ada: U0ADA1}\n")
    assert load_owners(file) == Owners((), {"ada": "U0ADA1"})


def test_faults_of_a_file_end_the_start(tmp_path: Path) -> None:
    """A file that has a fault or can't be read stops startup with a line that names the setting."""
    file = tmp_path / "owners.yaml"
    file.write_text("version: 1\nowners:\n  grace: '@here'\n  ada: x\n")
    lines = faults(BOLT_BOT_OWNERS_FILE=file)
    assert [line[:30] for line in lines] == ["BOLT_BOT_OWNERS_FILE: line 3: ", "BOLT_BOT_OWNERS_FILE: line 4: "]
    missing = faults(BOLT_BOT_OWNERS_FILE=tmp_path / "none")
    assert missing == ("BOLT_BOT_OWNERS_FILE: the file can't be read (No such file or directory)",)
    file.write_bytes(b"\xff\xfe\xff")
    assert faults(BOLT_BOT_OWNERS_FILE=file) == ("BOLT_BOT_OWNERS_FILE: the file can't be read (it isn't UTF-8 text)",)


def test_a_watches_file_is_read_or_ends_the_start(tmp_path: Path) -> None:
    """A watches file is read too, and the faults of both files are shown at once."""
    file, owners = tmp_path / "watches.yaml", tmp_path / "owners.yaml"
    file.write_text("version: 1\nchannels:\n  C0DATA123:\n    - watch: nightly\n")
    assert load_watches(file) == (FileWatch("C0DATA123", WatchCommand("nightly"), 4),)
    file.write_text("version: 1\nchannels:\n  data:\n    - watch: nightly\n")
    owners.write_text("version: 1\n")
    lines = faults(BOLT_BOT_WATCHES_FILE=file, BOLT_BOT_OWNERS_FILE=owners)
    assert [line[:31] for line in lines] == ["BOLT_BOT_OWNERS_FILE: line 1: o", "BOLT_BOT_WATCHES_FILE: line 3: "]


def test_a_file_is_checked_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A command checks a watches file before it's used."""
    file = tmp_path / "watches.yaml"
    file.write_text("version: 1\nchannels:\n  C0DATA123:\n    - watch: nightly\n")
    assert main(["watches", "check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: 1 watch in 1 channel\n"
    file.write_text("version: 1\n")
    assert main(["watches", "check", str(file)]) == 2
    assert capsys.readouterr().err.startswith(f"{file}: line 1: channels are missing")


async def test_the_current_watches_are_written_as_a_file(embedded_redis_url: str) -> None:
    """`watches export` prints the current watches in the format of the watches file."""
    redis = connect(embedded_redis_url)
    watch = Watch("C0DATA123", 0, "T", "fin*", datetime(2026, 11, 23, tzinfo=UTC), "U1", mention="none")
    await Watches(Scripts(redis, "bolt", retention_s=60)).add_watch(watch)
    await close(redis)
    outcome = await bolt_bot("watches", "export", environment={**COMPLETE, "REDIS_URL": embedded_redis_url})
    assert (outcome.status, outcome.err) == (0, "")
    assert read_watches(outcome.out) == (FileWatch("C0DATA123", WatchCommand("fin*", mention="none"), 4),)
    away = await bolt_bot("watches", "export", environment={**COMPLETE, "REDIS_URL": "redis://127.0.0.1:1/0"})
    assert away.status == 1
    assert "Redis" in away.err
    assert (await bolt_bot("watches", "export")).status == 2
