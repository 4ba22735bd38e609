"""The buttons under a list of artifacts: an address, the file itself, another page."""

from __future__ import annotations

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.core.policy.rules import Action
from bot.core.text.message import Message
from bot.core.views.buttons import ARTIFACT_FILE, ARTIFACT_LINK, ARTIFACT_OPEN, ARTIFACTS_PAGE, PartButton
from bot.flows.ports.slack import Asker
from bot.slack.actions.run_detail import Does, listen
from bot.slack.listener_context import Desk


def register(app: AsyncApp, desk: Desk) -> None:
    """Listen to the buttons."""
    listen(app, desk, ARTIFACT_LINK, _link, Does(Action.ARTIFACTS, "artifact of"), first=False)
    listen(app, desk, ARTIFACT_FILE, _post, Does(Action.ARTIFACTS, "post artifact of", posts=True), first=True)
    listen(app, desk, ARTIFACTS_PAGE, _page, Does(Action.ARTIFACTS, "artifacts"), first=False, replaces=True)

    async def opened(ack: AsyncAck) -> None:
        """The address is opened by Slack itself."""
        await ack()

    app.action(ARTIFACT_OPEN)(opened)


async def _link(desk: Desk, _asker: Asker, part: PartButton) -> Message:
    return await desk.artifacts.link(part)


async def _post(desk: Desk, asker: Asker, part: PartButton) -> Message:
    answer = await desk.artifacts.post(asker, part)
    desk.posts()
    return answer


async def _page(desk: Desk, _asker: Asker, part: PartButton) -> Message:
    return await desk.artifacts.tell(part.key, part.page)
