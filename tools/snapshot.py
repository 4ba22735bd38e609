"""Make the snapshot of the last release's data in tests/data/upgrade.

That release runs in the sandbox and uses each feature once, so that Redis holds a record of every kind.

Set LAST_RELEASE in tests/upgrade/releases.py to the release's commit, then run `make snapshot`.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bolt_sandbox.bolt import BoltWorld
from bot.store.embedded import EmbeddedRedis
from tests.e2e.conftest import SPEED
from tests.e2e.stage import Stage
from tests.upgrade.releases import LAST_RELEASE, ROOT, unpack
from tests.upgrade.scene import play, prepare
from tests.upgrade.snapshot import SNAPSHOT, Snapshot
from tests.worlds import new_sandbox


async def make(folder: Path) -> int:
    """Make the snapshot in a folder, and return an exit status."""
    code = folder / "code"
    code.mkdir()
    why = unpack(code)
    if why:
        sys.stderr.write(f"The snapshot can't be made: {why}.\n")
        return 1
    redis = EmbeddedRedis(folder / "redis")
    sandbox = new_sandbox(bolt=BoltWorld(speed=SPEED))
    await sandbox.start()
    stage = Stage(sandbox, folder, redis_url=await redis.start(), forks=False, root=code)
    try:
        await play(stage, prepare(stage))
        for bot in stage.bots:
            bot.kill()
            await bot.ended()
        Snapshot.take(stage).write(SNAPSHOT)
    finally:
        await stage.close()
        await redis.stop()
    sys.stdout.write(f"{SNAPSHOT.relative_to(ROOT)}: the data of {LAST_RELEASE[:12]}\n")
    return 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bolt-bot-") as made:
        sys.exit(asyncio.run(make(Path(made))))
