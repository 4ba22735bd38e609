"""docs/install.md, followed word for word where a machine can: from an env file to the first card, in the sandbox."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from bolt_sandbox.server import Sandbox
from tests.pages import ROOT, Block, blocks, prose, read
from tests.ports import claims
from tests.waiting import PATIENCE_S, eventually, seen
from tests.worlds import new_sandbox

PAGE = read("docs/install.md")
BLOCKS = blocks(PAGE)
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
BEGINNING, END = "The Slack app and the API key", "The first card"
WAYS = ("Plain Python", "Compose", "Kubernetes", "systemd")
# Texts of the page, and what replaces them here. Everything else is done as it's written there.
INSTEAD = {
    # Needs the package registry; `make deploy-check` tests it. Here, .run/bin/bolt-bot runs this folder's bot.
    "make install": "true",
    # Another test may use that port. The port is set in .env too, as anybody whose 8080 is taken would do.
    "localhost:8080": "localhost:{port}",
}
# Variables in .env that the page doesn't name, which point the bot to the sandbox.
SANDBOX = ("SLACK_API_URL", "PARADIME_APP_URL")


@dataclass(slots=True)
class Reader:
    """Someone who follows the page, in a folder with the files of a clone."""

    sandbox: Sandbox
    folder: Path
    port: int
    running: Process | None = None

    async def type(self, block: Block, *, stays: bool = False) -> str:
        """Type a block's commands into a terminal, and return their output. With `stays`, leave them running."""
        text = block.text
        for words, others in INSTEAD.items():
            text = text.replace(words, others.format(port=self.port))
        shell = ("bash", "-euo", "pipefail", "-c", f"exec {text}" if stays else text)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder)}
        with (self.folder / "log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *shell,
                cwd=self.folder,
                env=environment,
                stdin=DEVNULL,
                stdout=log if stays else PIPE,
                stderr=STDOUT,
            )
        if stays:
            self.running = process
            return ""
        printed, _ = await process.communicate()
        assert process.returncode == 0, f"{text}\n{printed.decode()}"
        return printed.decode()

    def fill_in(self, *, socket_mode: bool = True) -> None:
        """Fill in .env as the page says, and add the settings that point to the sandbox."""
        path, values = self.folder / ".env", self.sandbox.env(socket_mode=socket_mode)
        text = path.read_text(encoding="utf-8")
        for name in values.keys() - set(SANDBOX):
            text, found = re.subn(rf"^(# )?{name}=$", f"{name}={values[name]}", text, flags=re.MULTILINE)
            assert found == 1, f"{name} isn't in .env.example"
        if not socket_mode:
            text = text.replace("SLACK_APP_TOKEN=\n", "")
        assert not [line for line in text.splitlines() if line.endswith("=") and not line.startswith("#")]
        own = {name: values[name] for name in SANDBOX}
        own |= {"BOLT_BOT_HTTP_HOST": "127.0.0.1", "BOLT_BOT_HTTP_PORT": str(self.port)}
        path.write_text(text + "".join(f"{name}={value}\n" for name, value in own.items()), encoding="utf-8")

    def printed(self) -> str:
        """The bot's log so far."""
        return (self.folder / "log").read_text(encoding="utf-8")

    async def stop(self) -> int:
        """Press Ctrl-C, and return the bot's exit status."""
        assert self.running is not None
        if self.running.returncode is None:
            self.running.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE_S):
            return await self.running.wait()


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[Reader]:
    """A person with a clone, a Slack app and an API key."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl on PATH")
    for name in ("manifest.yml", ".env.example"):
        shutil.copy(ROOT / name, tmp_path)
    program = tmp_path / ".run" / "bin" / "bolt-bot"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m bot "$@"\n')
    program.chmod(0o755)
    sandbox = new_sandbox()
    await sandbox.start()
    claim = next(claims())
    made = Reader(sandbox, tmp_path, claim.port)
    yield made
    if made.running is not None and made.running.returncode is None:
        made.running.kill()
        await made.running.wait()
    claim.release()
    await sandbox.stop()


def step(section: str, number: int, *, language: str = "") -> list[Block]:
    """A step's code blocks in a language, or by default the blocks to type."""
    return [
        one
        for one in BLOCKS
        if one.section == section and one.heading.startswith(f"{number}. ") and one.language == language
    ]


def assert_seen(shown: Block, printed: str) -> None:
    """Check that the page's lines were printed in this order, with anything in place of `…` and between them."""
    at = 0
    for line in shown.text.splitlines():
        pattern = re.escape(line).replace("…", ".*")
        found = re.compile(rf"^{pattern}$", re.MULTILINE).search(printed, at)
        assert found, f"{line}\nisn't in\n{printed}"
        at = found.end()


async def test_the_first_card_with_plain_python(reader: Reader) -> None:
    """Every step that needs no browser works in order, and shows what the page says."""
    (listing,) = step(BEGINNING, 1)
    assert (await reader.type(listing)).split() == [".env.example", "manifest.yml"]
    for number in (6, 7):
        for block in step("Plain Python", number):
            await reader.type(block)
    reader.fill_in()
    (check,) = step("Plain Python", 8)
    printed = await reader.type(check)
    assert "PROBLEM" not in printed
    assert_seen(step("Plain Python", 8, language="text")[0], printed)
    run, ask = step("Plain Python", 9)
    await started(reader, run)
    assert_seen(step("Plain Python", 9, language="text")[0], await reader.type(ask))
    await first_card(reader)
    assert await reader.stop() == 0


async def started(reader: Reader, run: Block) -> None:
    """Start the bot, and wait for the line that the page names, then for the bot to be ready."""
    await reader.type(run, stays=True)
    await eventually("a line that says started", reader.printed, lambda log: "started" in log)
    ready = Block(
        "", "", "", f".run/bin/bolt-bot healthcheck --ready --env-file .env || curl -s localhost:{reader.port}/readyz"
    )
    await eventually("the bot to be ready", lambda: reader.type(ready), "The bot is ready.\n".__eq__)


async def first_card(reader: Reader) -> None:
    """Do in Slack what the page says, in a private channel."""
    (invite,), (look,), (start,) = (step(END, number) for number in (10, 11, 12))
    workspace, slack = reader.sandbox.workspace, reader.sandbox.slack
    channel = workspace.channel("finance")
    assert invite.text == f"/invite @{workspace.bot.name}"
    await slack.admin.invite("finance", workspace.bot.name, "ada")
    for block in (look, start):
        command, _, text = block.text.partition(" ")
        assert not (await slack.people.slash("ada", "finance", command, text)).problem
        if block is look:
            await seen(workspace, lambda: any("Nightly full build" in str(one.blocks) for one in workspace.privates))
            assert not channel.messages
    await seen(workspace, lambda: any("Nightly full build" in one.text for one in channel.messages.values()))
    (card,) = channel.messages.values()
    assert card.user == workspace.bot.id


async def test_http_in_the_pages_order(reader: Reader) -> None:
    """The bot runs in HTTP mode before the app leaves Socket Mode; then Slack verifies the new manifest's address."""
    for block in step("Plain Python", 7):
        await reader.type(block)
    reader.fill_in(socket_mode=False)
    await started(reader, step("Plain Python", 9)[0])
    doctor, manifest = (one for one in BLOCKS if one.section.startswith("HTTP instead"))
    assert doctor.text.startswith(step("Plain Python", 8)[0].text)
    new = yaml.safe_load(await reader.type(manifest))
    address = new["settings"]["event_subscriptions"]["request_url"]
    assert new["settings"]["socket_mode_enabled"] is False
    assert address.startswith(manifest.text.split()[-1])
    url = f"http://127.0.0.1:{reader.port}{address.removeprefix(manifest.text.split()[-1])}"
    assert await reader.sandbox.slack.delivery.verify_url(url)
    reader.sandbox.workspace.request_url = url
    await first_card(reader)


@pytest.mark.parametrize("way", WAYS)
def test_every_way_has_twelve_steps_that_show_something(way: str) -> None:
    """Every way of installing has twelve steps that say what you see, and steps 6 to 9 have code blocks."""
    parts = re.split(r"^## (.*)$", PAGE, flags=re.MULTILINE)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    steps = [
        (section, one)
        for section in (BEGINNING, way, END)
        for one in re.split(r"^### ", sections[section], flags=re.MULTILINE)[1:]
    ]
    assert [int(one.partition(".")[0]) for _, one in steps] == list(range(1, 13))
    for _, one in steps:
        assert "**You see**" in one, one
    assert all(step(way, number) for number in range(6, 10))


def test_compose_by_its_structure() -> None:
    """Compose commands name the bot's service, which reads .env and is built here."""
    lines = [line for one in BLOCKS if one.section == "Compose" for line in one.lines() if line.startswith("docker ")]
    named = {word for line in lines for word in line.split() if word in COMPOSE["services"]}
    assert lines
    assert named == {"bot"}
    assert COMPOSE["services"]["bot"]["env_file"] == ".env"
    assert "build" in COMPOSE["services"]["bot"]


def test_the_charts_values() -> None:
    """The page's values.yaml is valid for the chart, and the Secret's keys and the image's name match it."""
    (shown,) = step("Kubernetes", 7, language="yaml")
    chart = ROOT / "deploy" / "helm" / "bolt-bot"
    schema = yaml.safe_load((chart / "values.schema.json").read_text(encoding="utf-8"))
    values = yaml.safe_load(shown.text)
    assert list(Draft202012Validator(schema).iter_errors(values)) == []
    secret, _ = step("Kubernetes", 7)[0].lines()
    assert secret.startswith(f"kubectl create secret generic {values['existingSecret']} ")
    keys = yaml.safe_load((chart / "values.yaml").read_text(encoding="utf-8"))["secretKeys"]
    assert re.findall(r"--from-file=(\w+)", secret) == keys
    build, push = step("Kubernetes", 6)[0].lines()
    repository = values["image"]["repository"]
    assert build == f"make image IMAGE={repository}"
    assert push.endswith(f" {repository}")


def test_the_units_files() -> None:
    """Each secret that the unit loads is put where the unit looks for it, and is passed to the doctor."""
    unit = (ROOT / "deploy" / "systemd" / "bolt-bot.service").read_text(encoding="utf-8")
    loaded = dict(re.findall(r"^LoadCredential=(\w+):(\S+)$", unit, re.MULTILINE))
    (put,), (check,) = step("systemd", 7), step("systemd", 8)
    installed = next(line.split() for line in put.lines() if " -m 0600 " in line)
    *names, folder = installed[installed.index("0600") + 1 :]
    assert set(names) == {*loaded, "bolt-bot.env"}
    assert all(path == f"{folder}/{name}" for name, path in loaded.items())
    given = dict(re.findall(r"(\w+)_FILE=(\S+)", check.text))
    assert given == {name.upper(): path for name, path in loaded.items()}
    assert f"EnvironmentFile={folder}/bolt-bot.env\n" in unit


def test_the_app_needs_what_the_page_names() -> None:
    """The page uses the manifest's names for the app and the bot."""
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    text = prose(PAGE)
    assert f"*{manifest['display_information']['name']}*" in text
    assert f"/invite @{manifest['features']['bot_user']['display_name']}" in PAGE
    assert manifest["settings"]["socket_mode_enabled"] is True
