"""Clicks that do nothing: the person who clicked is told so, and why.

Other buttons are tested with their features (*Cancel run* in test_main_job.py, retries in test_retry.py).
"""

from __future__ import annotations

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tests.e2e.stage import Stage

LABEL = "Do what a later version can"
BUTTON = {"type": "button", "action_id": "of.another.version", "text": {"type": "plain_text", "text": LABEL}}


async def post_button(stage: Stage) -> Any:  # noqa: ANN401
    """Post a message with a button that this version doesn't know."""
    sandbox = stage.sandbox
    web = AsyncWebClient(sandbox.workspace.bot_token, base_url=f"{sandbox.base_url}/slack/api/")
    blocks = [{"type": "actions", "elements": [BUTTON]}]
    channel = sandbox.workspace.channel("data-eng").id
    return await web.chat_postMessage(channel=channel, text=LABEL, blocks=blocks)


async def test_a_button_of_another_version_is_answered(stage: Stage) -> None:
    """A click on a button of another version is answered privately."""
    await stage.start_bot()
    await post_button(stage)
    assert (await stage.click(LABEL)).problem == ""
    await stage.until(stage.told_privately("I don't recognize that button"))


async def test_a_stranger_who_clicks_is_answered(stage: Stage) -> None:
    """Someone from another organization who clicks in a shared channel is refused privately, and the run goes on."""
    await stage.start_bot()
    await stage.slash("run backfill")
    await stage.until(stage.card_says("is running"))
    eve = stage.sandbox.workspace.add_user("eve", team="T0ELSEWHERE")
    stage.sandbox.workspace.channel("data-eng").members.append(eve.id)
    assert (await stage.click("Cancel run", user="eve")).problem == ""
    await stage.until(stage.told_privately("I don't take requests from people in other organizations", "eve"))
    assert stage.card_says("is running")()
