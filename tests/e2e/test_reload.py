"""SIGHUP: the policy and the watches of a running bot are replaced, and a file that can't be used replaces nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp

from bolt_sandbox.child import printed_ports
from tests.e2e.forked import ROOT
from tests.e2e.stage import CHANNEL, Bot, Stage
from tests.test_settings import LEAST
from tests.waiting import PATIENCE_S, eventually

HEAD = "version: 1\nrules:\n"
NOBODY = (
    f"{HEAD}  - {{name: nobody starts, what: [start], deny: ask the data team}}\n  - {{name: looks, allow: true}}\n"
)
ALL = f"{HEAD}  - {{name: everybody, allow: true}}\n"
WATCHES = "version: 1\nchannels:\n  {channel}:\n    - watch: nightly\n"


async def readyz(bot: Bot) -> str:
    """The response from /readyz while the bot is ready."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.admin_port}/readyz") as answer:
        assert answer.status == 200
        return await answer.text()


async def test_a_refusal_becomes_an_allowance(stage: Stage) -> None:
    """SIGHUP applies a new policy and watches; a file with a mistake is reported, and the old rules stay in effect."""
    policy, watches = stage.folder / "policy.yaml", stage.folder / "watches.yaml"
    policy.write_text(NOBODY)
    watches.write_text("version: 1\nchannels: {}\n")
    bot = await stage.start_bot({"BOLT_BOT_POLICY_FILE": str(policy), "BOLT_BOT_WATCHES_FILE": str(watches)})
    assert "ask the data team" in (await stage.answer_to(stage.slash("run nightly"), "ada")).text
    policy.write_text(ALL.replace("allow", "alow"))
    await hang_up(bot, "line 3")
    assert await readyz(bot) == "ready\nBOLT_BOT_POLICY_FILE can't be used; the previous version is in effect\n"
    assert "ask the data team" in (await stage.answer_to(stage.slash("run nightly"), "ada")).text
    assert not stage.started()
    watches.write_text(WATCHES.format(channel=stage.sandbox.workspace.channel(CHANNEL).id))
    policy.write_text(ALL)
    await hang_up(bot, "rules_before")
    assert await readyz(bot) == "ready\n"
    await stage.slash("run nightly")
    await stage.until(lambda: bool(stage.started()))
    await eventually("the watch to be on record", lambda: "added=1" in bot.printed())


async def hang_up(bot: Bot, logged: str) -> None:
    """Send SIGHUP and wait until this is logged."""
    bot.kill(signal.SIGHUP)
    await eventually(f"{logged} in the log", lambda: logged in bot.printed())


async def test_a_closed_terminal_still_ends_a_bot(tmp_path: Path) -> None:
    """A closed terminal ends the bot; a SIGHUP sent by hand doesn't, even before Slack is connected."""
    main, terminal = os.openpty()
    log = tmp_path / "log"
    environment = {
        **LEAST,
        "PATH": os.environ["PATH"],
        "SLACK_API_URL": "http://127.0.0.1:1/",
        "BOLT_BOT_HTTP_PORT": "0",
    }
    with log.open("wb") as out:
        bot = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.e2e.on_terminal"),
            cwd=ROOT,
            env={**environment, "BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_DATA_DIR": str(tmp_path)},
            stdin=terminal,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    os.close(terminal)
    await eventually("the bot to listen", lambda: "BOLT_BOT_HTTP_PORT" in printed_ports(log))
    bot.send_signal(signal.SIGHUP)
    health = f"http://127.0.0.1:{printed_ports(log)['BOLT_BOT_HTTP_PORT']}/healthz"
    async with aiohttp.ClientSession() as http, http.get(health) as answer:
        assert answer.status == 200
    assert bot.returncode is None
    os.close(main)
    assert await asyncio.wait_for(bot.wait(), PATIENCE_S) == 0, log.read_text()
