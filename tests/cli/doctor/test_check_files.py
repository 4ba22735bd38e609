"""The doctor's checks of the data directory and the ports."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bolt_sandbox.server import Sandbox
from bot.cli.doctor.check_files import CHECKS, DATA, PORT, check_directory, check_port, fix, reason
from bot.store.embedded import EmbeddedRedis
from bot.web.server import ListenAddress, WebServer
from tests.cli.doctor.patient import findings, of

NOBODY = 65534
FULL_AND_READ_ONLY = """
import sys
from pathlib import Path
from bot.cli.doctor.check_files import check_directory
for name in sys.argv[1:]:
    found = check_directory(Path(name))
    print(found.level, found.sentence, found.fix)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anybody can enter. If the test runs as root, the folder and the test change to another user."""
    with tempfile.TemporaryDirectory(prefix="bolt-bot-tests-") as name:
        made, mine = Path(name), os.geteuid()
        made.chmod(0o755)
        if mine == 0:
            os.chown(made, NOBODY, -1)
            os.seteuid(NOBODY)
        yield made
        os.seteuid(mine)


def test_a_directory_that_can_be_written(folder: Path) -> None:
    """A writable directory is reported as ok, with its free space, and the check leaves nothing in it."""
    found = check_directory(folder)
    assert found.level == "ok"
    assert "MB left" in found.sentence
    assert list(folder.iterdir()) == []


def test_a_directory_that_is_missing(folder: Path) -> None:
    """A missing directory is ok if the bot can create it; the doctor doesn't create it."""
    found = check_directory(folder / "a" / "b")
    assert (found.level, found.sentence.partition(") ")[2]) == ("ok", "doesn't exist yet. The bot will create it.")
    assert list(folder.iterdir()) == []
    folder.chmod(0o555)
    found = check_directory(folder / "a" / "b")
    assert found.level == "problem"
    assert "permission denied" in found.sentence
    # The fix changes the owner of this directory only, not of the directories above it.
    assert found.fix == f"Create it: mkdir -p {folder}/a/b && chown -R {os.geteuid()} {folder}/a/b"


@pytest.mark.parametrize("below", ["", "data"])
def test_a_directory_that_is_a_file(below: str, folder: Path) -> None:
    """A file in place of the directory or a part of its path is a problem."""
    (folder / "file").touch()
    found = check_directory(folder / "file" / below)
    assert found.level == "problem"
    assert "a file" in f"{found.sentence} {found.fix}"


@pytest.mark.usefixtures("folder")
def test_a_directory_of_another_user() -> None:
    """For another user's directory, the sentence names both users, and the fix is the command."""
    found = check_directory(Path("/usr"))
    assert (
        f"belongs to another user, or is read-only (its owner is user 0, but the bot runs as user {os.geteuid()})"
        in (found.sentence)
    )
    assert found.fix == f"Make the bot's user its owner: chown -R {os.geteuid()} /usr"


def test_a_directory_that_may_only_be_read(folder: Path) -> None:
    """For a read-only directory, the sentence names the user, and the fix is the command."""
    folder.chmod(0o555)
    found = check_directory(folder)
    assert found.level == "problem"
    assert f"{folder} belongs to the bot's user ({os.geteuid()}), but is read-only" in found.sentence
    assert found.fix == f"Make it writable: chmod u+rwx {folder}"


@pytest.mark.parametrize("path", ["redis", "redis/appendonlydir/appendonly.aof.1.incr.aof"])
def test_data_of_another_user(path: str, folder: Path) -> None:
    """Data that belongs to another user, as after a run as root, is a problem even if the directory is right."""
    if os.getuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    mine = os.geteuid()
    os.seteuid(0)
    file.touch(0o600) if file.suffix else file.mkdir(0o700)
    os.seteuid(mine)
    found = check_directory(folder)
    assert found.level == "problem"
    assert f"{file} belongs to another user (its owner is user 0, but the bot runs as user {NOBODY})" in found.sentence


def test_a_disk_with_little_space(folder: Path) -> None:
    """Little free space is a warning."""
    found = check_directory(folder, free_least=shutil.disk_usage(folder).total + 1)
    assert found.level == "warning"
    assert "MB left" in found.sentence


def test_a_full_disk_and_a_read_only_one(tmp_path: Path) -> None:
    """A full disk and a read-only disk are problems."""
    full, read_only = tmp_path / "full", tmp_path / "read-only"
    full.mkdir()
    read_only.mkdir()
    mounts = f"mount -t tmpfs -o size=16k none {full} && mount -t tmpfs -o ro none {read_only}"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*command, mounts], capture_output=True, check=False).returncode:  # noqa: S603 - our own command
        pytest.skip("nothing can be mounted here")
    run = f'{mounts} && exec {sys.executable} -c "$0" {full} {read_only}'
    said = subprocess.run(  # noqa: S603 - our own command
        [*command, run, FULL_AND_READ_ONLY], capture_output=True, text=True, check=True
    )
    first, second = said.stdout.splitlines()
    assert first.startswith("problem")
    assert "no space left on device. Free up space on that disk" in first
    assert second.startswith("problem")
    assert "read-only file system. Mount it as writable" in second


def test_each_reason_has_its_fix() -> None:
    """Each error has its fix; only the fix for permissions contains a command."""
    place = Path("/nowhere")
    assert "permission denied" in reason(PermissionError(errno.EACCES, "Permission denied"), place)
    assert "chown" in fix(PermissionError(errno.EPERM, "Operation not permitted"), place)
    assert "chown" not in fix(FileNotFoundError(errno.ENOENT, "No such file or directory"), place)
    assert "chown" not in fix(OSError(errno.ENOSPC, "No space left on device"), place)
    assert "quota" in fix(OSError(errno.EDQUOT, "Disk quota exceeded"), place)


async def test_two_processes_on_one_directory(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A data directory in use is a problem, unless the bot that listens on this port is using it."""
    embedded = EmbeddedRedis(tmp_path)
    await embedded.start()

    async def ready() -> list[str]:
        return []

    server = WebServer(ready)
    try:
        more = {"BOLT_BOT_DATA_DIR": str(tmp_path), "BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": "0"}
        _, held = of(await findings(CHECKS, sandbox, monkeypatch, **more), DATA)
        assert held.level == "problem"
        assert f"is in use by another bot (process {os.getpid()})" in held.sentence
        await server.start(ListenAddress("127.0.0.1", 0), slack_over_http=False)
        more["BOLT_BOT_HTTP_PORT"] = str(server.port)
        found = await findings(CHECKS, sandbox, monkeypatch, **more)
        assert [one.level for one in of(found, DATA)] == ["ok", "ok"]
        (port,) = of(found, PORT)
        assert (port.level, port.sentence.partition(".")[0]) == ("ok", "A bot is already running and listening there")
    finally:
        await server.stop()
        await embedded.stop()


async def test_a_directory_that_is_not_used(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an external Redis, the data directory isn't checked."""
    assert of(await findings(CHECKS, sandbox, monkeypatch, REDIS_URL="redis://127.0.0.1:1/0"), DATA) == []


async def test_ports_that_are_taken(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port taken by another program, whether it speaks HTTP or not, gives a problem that names the setting."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        ports = [str(one.getsockname()[1]), sandbox.base_url.rpartition(":")[2]]
        more = {"BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": ports[0], "BOLT_BOT_ADMIN_PORT": ports[1]}
        found = of(await findings(CHECKS, sandbox, monkeypatch, **more), PORT)
    assert [one.level for one in found] == ["problem", "problem"]
    for finding, name, port in zip(found, ("HTTP", "ADMIN"), ports, strict=True):
        assert f"BOLT_BOT_{name}_PORT (127.0.0.1:{port}): address already in use." in finding.sentence
        assert "Another program is listening there" in finding.fix


async def test_ports_that_are_free() -> None:
    """A free port is ok, and nothing stays bound to it."""
    for port in (0, 0):
        assert (await check_port("127.0.0.1", port, "BOLT_BOT_HTTP_PORT")).level == "ok"
    with socket.create_server(("127.0.0.1", 0)) as one:
        port = one.getsockname()[1]
    for _ in range(2):
        assert (await check_port("127.0.0.1", port, "BOLT_BOT_HTTP_PORT")).sentence.endswith("is free.")


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_that_is_not_of_this_machine(host: str) -> None:
    """An address that isn't this machine's, or doesn't exist, is a problem."""
    found = await check_port(host, 8080, "BOLT_BOT_HTTP_PORT")
    assert found.level == "problem"
    assert found.fix == "Set the host to one of this machine's addresses, or to 0.0.0.0 for all of them."
