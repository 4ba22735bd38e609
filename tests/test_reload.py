"""Reading files again: each as a whole or not at all, and only if it has changed or somebody asks."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from structlog.typing import EventDict

from bot.core.policy.default_policy import DEFAULT_POLICY
from bot.live_files import LiveFiles, load_files
from bot.load_settings import load_settings
from tests.test_settings import LEAST
from tests.waiting import eventually

POLICY, OWNERS, WATCHES, HINTS = (f"BOLT_BOT_{name}_FILE" for name in ("POLICY", "OWNERS", "WATCHES", "HINTS"))
ONE = "version: 1\nrules:\n  - {name: all, allow: true}\n"
TWO = "version: 1\nrules:\n  - {name: guests, who: {roles: [guest]}, deny: no}\n  - {name: all, allow: true}\n"
BAD = "version: 1\nrules:\n  - {name: all, alow: true}\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveFiles:
    """A policy with one rule and an owners file, written a while ago."""
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    for setting, text in ((POLICY, ONE), (OWNERS, "version: 1\nowners: {ada: U0ADA1}\n")):
        monkeypatch.setenv(setting, str(tmp_path / setting))
        write(tmp_path / setting, text)
    return load_files(load_settings(), lambda text: text.replace("alow", "•••"))


def write(path: Path, text: str, *, age_s: float = 60) -> None:
    """Replace a file as deployments do."""
    new = path.with_suffix(".new")
    new.write_text(text, encoding="utf-8")
    at = time.time() - age_s
    os.utime(new, (at, at))
    new.replace(path)


async def logged(read: Callable[[], object]) -> list[EventDict]:
    """The lines that are logged in the meantime."""
    with capture_logs() as lines:
        await read()  # type: ignore[misc]  # a coroutine function
    return lines


def metric(name: str, **labels: str) -> float | None:
    """A metric's value."""
    return REGISTRY.get_sample_value(name, {"setting": POLICY, **labels})


async def test_a_changed_file_is_in_effect(files: LiveFiles, tmp_path: Path) -> None:
    """Only a changed file is read; the log has the numbers of rules before and after."""
    assert await logged(files.reloader.read_changed) == []
    write(tmp_path / POLICY, TWO)
    (line,) = await logged(files.reloader.read_changed)
    assert (line["setting"], line["rules"], line["rules_before"]) == (POLICY, 2, 1)
    assert [rule.name for rule in files.policy.value.rules] == ["guests", "all"]
    assert await logged(files.reloader.read_changed) == []


async def test_a_file_that_cannot_be_used_changes_nothing(files: LiveFiles, tmp_path: Path) -> None:
    """An unusable file changes nothing; a log line names the fault, and a note and a metric stay until it's fixed."""
    before = files.policy.value
    write(tmp_path / POLICY, BAD)
    (line,) = await logged(files.reloader.read_changed)
    assert line["log_level"] == "error"
    assert "line 3" in line["why"]
    assert "alow" not in line["why"]
    assert files.policy.value is before
    assert files.reloader.notes() == [f"{POLICY} can't be used; the previous version is in effect"]
    assert metric("bolt_bot_file_refused") == 1
    assert await logged(files.reloader.read_changed) == []
    (tmp_path / POLICY).unlink()
    (line,) = await logged(files.reloader.read_changed)
    assert line["why"] == "the file can't be read (No such file or directory)"
    write(tmp_path / POLICY, ONE)
    (line,) = await logged(files.reloader.read_changed)
    assert line["event"] == "read a file again: unchanged"
    assert files.reloader.notes() == []
    assert metric("bolt_bot_file_refused") == 0


async def test_a_file_that_is_being_written_is_left_alone(files: LiveFiles, tmp_path: Path) -> None:
    """A file is read only once it's two seconds old, unless somebody asks."""
    write(tmp_path / POLICY, TWO, age_s=-1)
    assert await logged(files.reloader.read_changed) == []
    lines = await logged(files.reloader.read_all)
    assert [line["event"] for line in lines] == [
        "read a file again: its changes are now in effect",
        "read a file again: unchanged",
    ]
    assert len(files.policy.value.rules) == 2


async def test_a_file_from_the_future_is_read(files: LiveFiles, tmp_path: Path) -> None:
    """A file from the future is read: the clock of the machine that wrote it may be ahead."""
    write(tmp_path / POLICY, TWO, age_s=-3600)
    await files.reloader.read_changed()
    assert len(files.policy.value.rules) == 2


async def test_a_link_that_leads_elsewhere_is_a_change(
    files: LiveFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link that leads elsewhere is a change, as when Kubernetes replaces the link to a mounted folder."""
    del files
    for number, text in enumerate((ONE, TWO)):
        (tmp_path / f"..{number}").mkdir()
        write(tmp_path / f"..{number}" / "policy.yaml", text)
    (tmp_path / "..data").symlink_to("..0")
    (tmp_path / "policy.yaml").symlink_to("..data/policy.yaml")
    monkeypatch.setenv(POLICY, str(tmp_path / "policy.yaml"))
    mounted = load_files(load_settings(), str)
    assert await logged(mounted.reloader.read_changed) == []
    (tmp_path / "..next").symlink_to("..1")
    (tmp_path / "..next").replace(tmp_path / "..data")
    await mounted.reloader.read_changed()
    assert len(mounted.policy.value.rules) == 2


async def test_it_is_read_when_asked(files: LiveFiles, tmp_path: Path) -> None:
    """Files are read when somebody asks, even before the reloader runs."""
    files.reloader.ask()
    running = asyncio.create_task(files.reloader.run())
    heard = asyncio.Event()
    files.policy.when_replaced(heard.set)
    await eventually("the first time", lambda: metric("bolt_bot_file_reads_total", outcome="unchanged"))
    write(tmp_path / POLICY, TWO)
    files.reloader.ask()
    await asyncio.wait_for(heard.wait(), 10)
    running.cancel()


async def test_watches_and_hints_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches and hints are read again, and unchanged files are reported as unchanged."""
    pytest.importorskip("re2")
    texts = {
        WATCHES: "version: 1\nchannels:\n  C0DATA123:\n    - watch: nightly\n",
        HINTS: "version: 1\nhints:\n  - {id: a, pattern: oops, text: Oops, next: Ask., retry: no}\n",
    }
    for setting, text in texts.items():
        write(tmp_path / setting, text)
        monkeypatch.setenv(setting, str(tmp_path / setting))
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    files = load_files(load_settings(), str)
    lines = await logged(files.reloader.read_all)
    assert [line["event"] for line in lines] == ["read a file again: unchanged"] * 2
    write(tmp_path / HINTS, texts[HINTS].replace("oops", "ouch"))
    (line,) = await logged(files.reloader.read_changed)
    assert (line["hints"], line["hints_before"]) == (1, 1)


async def test_without_files_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without files, a request to read them again only logs that there's nothing to read."""
    for name, value in LEAST.items():
        monkeypatch.setenv(name, value)
    files = load_files(load_settings(), str)
    assert files.policy.value == DEFAULT_POLICY
    (line,) = await logged(files.reloader.read_all)
    assert line["event"] == "there's no file to read again: no setting names one"
