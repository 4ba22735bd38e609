"""The files about watches that the settings name: read at the start, with each fault in a line."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from bot.core.watching.owners import Owners
from bot.settings import SettingsError, load_settings
from bot.watch_files import load_owners
from tests.test_settings import LEAST


def faults(**files: Path) -> tuple[str, ...]:
    """What a start prints."""
    environment = {**LEAST, **{name: str(file) for name, file in files.items()}}
    with patch.dict(os.environ, environment, clear=True), pytest.raises(SettingsError) as caught:
        load_settings()
    return caught.value.lines


def test_without_a_file_nobody_is_named() -> None:
    """Owners are looked up by their addresses then."""
    assert load_owners(None) == Owners()


def test_an_owners_file_is_read(tmp_path: Path) -> None:
    """As it is at the start."""
    file = tmp_path / "owners.yaml"
    file.write_text("version: 1\nowners: {ada: U0ADA1}\n")
    assert load_owners(file) == Owners((), {"ada": "U0ADA1"})


def test_faults_of_a_file_end_the_start(tmp_path: Path) -> None:
    """Each in a line that names the setting; also if it can't be read at all."""
    file = tmp_path / "owners.yaml"
    file.write_text("version: 1\nowners:\n  grace: '@here'\n  ada: x\n")
    lines = faults(BOLT_BOT_OWNERS_FILE=file)
    assert [line[:30] for line in lines] == ["BOLT_BOT_OWNERS_FILE: line 3: ", "BOLT_BOT_OWNERS_FILE: line 4: "]
    missing = faults(BOLT_BOT_OWNERS_FILE=tmp_path / "none")
    assert missing == ("BOLT_BOT_OWNERS_FILE: the file can't be read (No such file or directory)",)
    file.write_bytes(b"\xff\xfe\xff")
    assert faults(BOLT_BOT_OWNERS_FILE=file) == ("BOLT_BOT_OWNERS_FILE: the file can't be read (it isn't UTF-8 text)",)
