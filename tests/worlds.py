"""The local Slack and the local Bolt API as the bot's tests use them: with the bot's own app installed."""

from __future__ import annotations

from bolt_sandbox.bolt import BoltWorld
from bolt_sandbox.server import Sandbox
from bolt_sandbox.slack import Workspace
from bot.manifest import render_manifest


def new_workspace() -> Workspace:
    """A workspace with the bot's app installed as its manifest says."""
    return Workspace(render_manifest())


def new_sandbox(*, bolt: BoltWorld | None = None) -> Sandbox:
    """A sandbox with a new workspace, and with its own Bolt API if none is given."""
    return Sandbox(new_workspace(), bolt=bolt)
