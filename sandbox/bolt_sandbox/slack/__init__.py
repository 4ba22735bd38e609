"""A local Slack workspace that follows Slack's documentation, for trying and testing the bot without an account.

`Workspace` holds the state, `add_routes` serves it, and `People` acts as the people in it. The control API is
described in `bolt_sandbox.slack.control`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiohttp import web

from bolt_sandbox.slack import payloads
from bolt_sandbox.slack.admin import Admin
from bolt_sandbox.slack.control import Controls
from bolt_sandbox.slack.control_admin import AdminControls
from bolt_sandbox.slack.delivery import Delivery
from bolt_sandbox.slack.faults import Fault
from bolt_sandbox.slack.model import Change, Refused
from bolt_sandbox.slack.people import People
from bolt_sandbox.slack.web import BODY_MOST, Front
from bolt_sandbox.slack.workspace import Workspace

__all__ = ["BODY_MOST", "Fault", "People", "Refused", "SlackRoutes", "Workspace", "add_routes"]


class SlackRoutes:
    """A workspace's parts: `delivery` reaches the app, `people` act in the workspace, and `admin` manages it."""

    def __init__(self, workspace: Workspace, delivery: Delivery | None = None) -> None:
        self.workspace = workspace
        self.delivery = delivery or Delivery(workspace)
        self.people = People(workspace, self.delivery)
        self.admin = Admin(workspace, self.delivery)
        workspace.listeners.append(self._echo)

    def _echo(self, change: Change) -> None:
        """Send the app's own direct messages back to it as events, like every message there."""
        channel = self.workspace.channels.get(change.channel)
        message = channel.messages.get(change.ts) if channel is not None and channel.kind == "im" else None
        if message is None or message.user != self.workspace.bot.id:
            return
        if change.kind == "posted":
            inner = payloads.message_event(self.workspace, message, "message")
        elif change.kind == "edited" and message.earlier:
            inner = payloads.changed_event(self.workspace, message)
        else:
            return
        self.delivery.send_event_soon(payloads.event(self.workspace, inner))


def add_routes(
    app: web.Application, workspace: Workspace, prefix: str = "/slack", *, delivery: Delivery | None = None
) -> SlackRoutes:
    """Serve the workspace under `prefix` and its control API under /control.

    The application should accept bodies of `BODY_MOST` bytes (`client_max_size`).
    """
    workspace.prefix = prefix
    served = SlackRoutes(workspace, delivery)
    app.add_routes(Front(workspace, served.delivery).routes(prefix))
    controls = Controls(workspace, served.delivery, served.people)
    app.add_routes([*controls.routes(), *AdminControls(workspace, served.admin).routes()])

    async def open_and_close(_app: web.Application) -> AsyncIterator[None]:
        yield
        await served.delivery.close()

    async def shut_what_is_open(_app: web.Application) -> None:
        await controls.feed.close()
        await served.delivery.sockets.close()

    app.cleanup_ctx.append(open_and_close)
    app.on_shutdown.append(shut_what_is_open)
    return served
