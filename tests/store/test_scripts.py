"""The scripts of a bot that runs are those that it started with."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UPGRADED = """
import asyncio, shutil, sys
from pathlib import Path
import bot
from bot.store.connect import connect
from bot.store.scripts import Scripts

async def main() -> None:
    redis = connect(sys.argv[1])
    scripts = Scripts(redis, "upgraded", retention_s=60)
    shutil.rmtree(Path(bot.__file__).parent / "store" / "scripts")
    print(await scripts.run("next_due", "polls"))
    await redis.aclose()

asyncio.run(main())
"""


def test_an_upgrade_of_the_files_does_not_reach_a_bot_that_runs(tmp_path: Path, embedded_redis_url: str) -> None:
    """A script of another version may want other arguments."""
    shutil.copytree(ROOT / "bot", tmp_path / "bot", ignore=shutil.ignore_patterns("__pycache__", "charts"))
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", UPGRADED, embedded_redis_url],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "['']", done.stderr
