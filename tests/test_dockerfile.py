"""The image: no privileges, nothing to write to but its volume, and a health check that asks the right port."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from bot.web.server import ListenAddress, WebServer
from tests.e2e.command import bolt_bot

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
LAST = LINES[max(number for number, line in enumerate(LINES) if line.startswith("FROM ")) :]


def said(instruction: str) -> list[str]:
    """An instruction's arguments, in the Dockerfile's final stage."""
    return [line.removeprefix(instruction).strip() for line in LAST if line.startswith(f"{instruction} ")]


def test_it_runs_as_nobody_in_particular() -> None:
    """The image names its user by number, which clusters can tell from root, and no build step comes after that."""
    (user,) = said("USER")
    number, group = user.split(":")
    assert int(number) >= 10_000
    assert int(group) >= 10_000
    after = LAST[LAST.index(f"USER {user}") :]
    assert not [line for line in after if line.startswith(("RUN ", "COPY ", "ADD "))]
    assert any(line.startswith("ENTRYPOINT ") for line in after)


def test_it_writes_only_to_its_volume() -> None:
    """The image writes only to its data directory, which its user owns; its home doesn't exist."""
    (volume,) = said("VOLUME")
    assert f"BOLT_BOT_DATA_DIR={volume}" in " ".join(said("ENV"))
    run = " ".join(said("RUN"))
    # The root group is also the group of whatever user OpenShift chooses.
    assert re.search(rf"install --directory --owner bolt --group root --mode 0770 {volume}\b", run)
    assert "--home-dir /nonexistent" in run
    assert "HOME=/nonexistent" in " ".join(said("ENV"))


def test_it_says_what_it_is() -> None:
    """The image has the Open Container Initiative's labels, with the version and revision from the builder."""
    labels = " ".join(said("LABEL"))
    for name, value in (("version", "$VERSION"), ("revision", "$REVISION"), ("licenses", "Apache-2.0 AND OFL-1.1")):
        assert f'org.opencontainers.image.{name}="{value}"' in labels
    assert said("ARG") == ["VERSION=", "REVISION="]
    assert "BOLT_BOT_REVISION=$REVISION" in said("ENV")


def test_nothing_is_downloaded_without_a_hash() -> None:
    """Nothing is installed without a hash, not even the tools that build the package."""
    runs = [part for line in LINES if line.startswith("RUN ") for part in re.split(r"&&|;", line)]
    installs = [part for part in runs if re.search(r"\bpip\b.* (install|wheel)\b", part)]
    assert len(installs) == 4
    for part in installs:
        assert "--require-hashes" in part or "--no-index" in part or "--no-build-isolation --no-deps" in part


def test_it_is_made_of_the_bot_alone() -> None:
    """The builder gets only the copied files, without the sandbox or its dependencies."""
    lines = [line.split()[1:-1] for line in LINES if line.startswith("COPY ") and "--from=" not in line]
    copied = {name for names in lines for name in names}
    assert {name for name in copied if (ROOT / name).is_dir()} == {"bot"}
    first, *others = [
        line
        for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        if line.startswith(("!", "*"))
    ]
    assert first == "*"
    assert {line.removeprefix("!") for line in others if line.startswith("!")} == copied
    assert "graphql-core" not in (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")


async def fine() -> list[str]:
    """No reasons why the bot isn't ready."""
    return []


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("alive", [False, True])
async def test_its_health_check_asks_where_health_is_served(*, apart: bool, alive: bool) -> None:
    """The image's health check asks the admin port if there is one, and fails if nobody answers."""
    (check,) = said("HEALTHCHECK")
    command = json.loads(check[check.index("[") :])
    assert command[0] == "bolt-bot"

    server, address = WebServer(fine), ListenAddress("127.0.0.1", 0)
    # Bound but not listened on, so that nobody answers there.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        ports = {"BOLT_BOT_HTTP_PORT": silent.getsockname()[1]}
        if alive:
            await server.start(address, slack_over_http=True, admin=address if apart else None)
            ports["BOLT_BOT_HTTP_PORT"] = server.port
        if apart:
            ports["BOLT_BOT_ADMIN_PORT"] = server.admin_port if alive else silent.getsockname()[1]
        environment = {name: str(port) for name, port in ports.items()}
        assert (await bolt_bot(*command[1:], environment=environment)).status == (0 if alive else 1)
    await server.stop()
