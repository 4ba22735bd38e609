"""The local Slack and the local Bolt API as the tests of the bot use them: with the bot's own app installed."""

from __future__ import annotations

from bolt_sandbox.bolt import BoltWorld
from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Workspace
from bot.manifest import render_manifest


def new_workspace() -> Workspace:
    """A workspace in which the bot's app is installed as its manifest asks."""
    return Workspace(render_manifest())


def new_sandbox(*, bolt: BoltWorld | None = None) -> Sandbox:
    """A sandbox with such a workspace, and a Bolt API of its own if none is given."""
    return Sandbox(new_workspace(), bolt=bolt)
