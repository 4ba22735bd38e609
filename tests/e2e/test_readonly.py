"""The bot writes only to its data and temporary directories, as in a container with a read-only file system."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stage import Stage

# Runs in its own mount namespace, where everything is read-only except the two folders that are named first.
READ_ONLY = """
set -eu
for folder in "$1" "$2"; do mount --bind "$folder" "$folder"; done
while read -r _ point _; do
    case "$point" in "$1" | "$2" | /proc | /proc/* | /sys | /sys/* | /dev | /dev/pts | /dev/null) continue ;; esac
    mount -o remount,bind,ro "$point" || [ ! -w "$point" ]
done < /proc/mounts
if touch "$3/writable" 2> /dev/null; then echo "the file system is not read-only"; exit 97; fi
shift 3
exec "$@"
"""


@pytest.fixture
def confined(embedded: Stage, tmp_path: Path) -> Iterator[Stage]:
    """A stage whose bots find everything read-only, including their home."""
    unshare = shutil.which("unshare")
    options = ["--mount", "--propagation", "private"]
    if unshare is None or subprocess.run([unshare, *options, "mount", "--bind", "/", "/mnt"], check=False).returncode:  # noqa: S603
        pytest.skip("no mount namespace can be made here")
    data, home = tmp_path / "data", tmp_path / "home"
    data.mkdir()
    home.mkdir()
    embedded.forks = False
    # Not pytest's own directory, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="bolt-bot-tests-") as temporary:
        embedded.launcher = (unshare, *options, "sh", "-c", READ_ONLY, "sh", str(data), temporary, str(home))
        embedded.settings |= {"HOME": str(home), "TMPDIR": temporary}
        yield embedded


async def test_it_writes_only_where_it_may(confined: Stage, tmp_path: Path) -> None:
    """On a read-only file system, a run is followed to its end and a history's chart is posted."""
    bot = await confined.start_bot()
    await confined.slash("run nightly")
    await confined.until(confined.card_says("succeeded"))
    await confined.slash("history hourly")
    files = confined.sandbox.workspace.files
    await confined.until(lambda: any(one.name == "history.png" and one.completed for one in files.values()))
    assert "unexpected fault" not in bot.printed()
    assert "Read-only file system" not in bot.printed()
    assert not list((tmp_path / "home").iterdir())
    assert (tmp_path / "data" / "redis" / "appendonlydir").is_dir()
