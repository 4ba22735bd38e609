"""Buttons below a list of artifacts: download link, post the file, another page.

`bot.flows.artifacts` answers, and `bot.flows.read_requested_file` decides how much of a file is posted.
"""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.model.asker import Asker
from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import ARTIFACT_FILE, ARTIFACT_LINK, ARTIFACT_OPEN, ARTIFACTS_PAGE, PartButton
from bot.slack.actions.run_detail import Does, listen
from bot.slack.listener_context import ListenerContext


def register(app: AsyncApp, context: ListenerContext) -> None:
    """Listen to the buttons."""
    listen(app, context, ARTIFACT_LINK, _link, Does(Action.ARTIFACTS, "artifact of"), first=False)
    listen(app, context, ARTIFACT_FILE, _post, Does(Action.ARTIFACTS, "post artifact of", posts=True), first=True)
    listen(app, context, ARTIFACTS_PAGE, _page, Does(Action.ARTIFACTS, "artifacts"), first=False, replaces=True)

    async def opened(ack: AsyncAck) -> None:
        """Acknowledge the click: Slack itself opens the address."""
        await ack()

    app.action(ARTIFACT_OPEN)(opened)


async def _link(context: ListenerContext, _asker: Asker, part: PartButton) -> Message:
    return await context.artifacts.download_link(part)


async def _post(context: ListenerContext, asker: Asker, part: PartButton) -> Message:
    answer = await context.artifacts.post_artifact(asker, part)
    context.wake_posts()
    return answer


async def _page(context: ListenerContext, _asker: Asker, part: PartButton) -> Message:
    return await context.artifacts.list_artifacts(part.key, part.page)
