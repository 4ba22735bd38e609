"""Forged form submissions: they're answered, and start nothing that the person isn't allowed to start."""

from __future__ import annotations

from typing import Any

from tests.e2e.modal import CHOOSE, open_form
from tests.e2e.stage import Stage

NO_CHANNEL = (
    "",
    "null",
    "[]",
    "{",
    '{"v":1,"c":7}',
    '{"v":1,"c":"<!channel>"}',
    '{"v":1,"c":"C0DATAENG|x"}',
    "[" * 2990,
)


async def test_a_channel_that_is_none_is_not_believed(stage: Stage) -> None:
    """A form with an invalid channel is answered with an error, and starts nothing."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    assert form.view is not None
    for metadata in NO_CHANNEL:
        form.view.content = {**form.view.content, "private_metadata": metadata}
        assert "no longer know which channel" in (await form.errors())["schedule"], metadata
    assert stage.asked("triggerBoltRun") == 0


async def test_values_of_any_shape_change_nothing(stage: Stage) -> None:
    """Signed requests that no form would send are answered, start nothing, and don't disturb the bot."""
    bot = await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    assert form.view is not None
    delivery, workspace = stage.sandbox.slack.delivery, stage.sandbox.workspace
    hostile: list[Any] = [
        None,
        [],
        "x",
        7,
        {"values": None},
        {"values": {"schedule": {CHOOSE: {"selected_option": "x"}}}},
    ]
    hostile += [
        {"values": {"schedule": {CHOOSE: {"selected_option": {"value": value}}}}} for value in (7, "x" * 9000, "#")
    ]
    user = {"id": "U0ADA", "name": "ada", "team_id": workspace.team_id}
    body: dict[str, Any]
    for state in hostile:
        view = {"id": form.id, "type": "modal", "callback_id": "form.run", "state": state, "private_metadata": "{}"}
        body = {"type": "view_submission", "user": user, "team": {"id": workspace.team_id}, "view": view}
        answer = await delivery.send("interactive", body | {"response_urls": []}, answerable=True)
        assert (answer.payload or {}).get("response_action") == "errors", state
    typed: list[Any] = [None, 7, [], "x" * 9000, "\x00", "%", "(" * 50]
    for value in typed:
        body = {"type": "block_suggestion", "user": user, "team": {"id": workspace.team_id}, "value": value}
        body |= {"action_id": CHOOSE, "block_id": "schedule", "view": None}
        assert (await delivery.send("interactive", body, answerable=True)).problem == ""
    views: list[Any] = [None, [], {"id": 7}, {"id": form.id, "state": [], "private_metadata": 7}]
    for view in views:
        action = {"action_id": CHOOSE, "block_id": "schedule", "type": "external_select", "selected_option": view}
        body = {"type": "block_actions", "user": user, "team": {"id": workspace.team_id}, "view": view}
        body |= {"actions": [action], "container": {"type": "view", "view_id": form.id}}
        assert (await delivery.send("interactive", body)).problem == ""
    await form.choose("hourly")
    assert stage.asked("triggerBoltRun") == 0
    assert stage.private() == []
    assert "unexpected fault" not in bot.printed()


def forged(
    stage: Stage, view_id: str, metadata: str, *, chosen: str = "", commands: str | None = None
) -> dict[str, Any]:
    """A signed submission by Ada, forged to name any channel."""
    workspace = stage.sandbox.workspace
    slug = "nightly"
    values: dict[str, Any] = {"schedule": {CHOOSE: {"selected_option": {"value": slug}}}}
    if chosen:
        values["channel"] = {"value": {"selected_conversation": chosen}}
    if commands is not None:
        values["commands.x.y"] = {"value": {"value": commands}}
    blocks = [{"type": "input", "block_id": name} for name in values]
    view = {"id": view_id, "type": "modal", "callback_id": "form.run", "state": {"values": values}, "blocks": blocks}
    user = {"id": "U0ADA", "name": "ada", "team_id": workspace.team_id}
    body = {"type": "view_submission", "user": user, "team": {"id": workspace.team_id}, "response_urls": []}
    return body | {"view": view | {"private_metadata": metadata}}


async def test_nobody_starts_a_run_where_they_are_not(stage: Stage) -> None:
    """A form can't start a run in a channel, group or direct message that the person isn't in, however it's named."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    bot, grace, gus = workspace.bot.id, workspace.user("grace").id, workspace.user("gus").id
    workspace.add_channel("board", "private", [bot, grace], channel_id="C0BOARD")
    workspace.add_channel("ops", "public", [bot, grace], channel_id="C0OPS")
    workspace.add_channel("mpdm-grace--gus--bolt-1", "mpim", [bot, grace, gus], channel_id="C0MPIM")
    direct = workspace.direct(grace).id
    delivery = stage.sandbox.slack.delivery
    for number, channel in enumerate(("C0BOARD", "C0OPS", "C0MPIM", direct)):
        for metadata, chosen in (
            (f'{{"v":1,"c":"{channel}"}}', ""),
            ("{}", channel),
            ('{"v":1,"c":"C0DATAENG"}', channel),
        ):
            body = forged(stage, f"V{number}", metadata, chosen=chosen)
            answer = (await delivery.send("interactive", body, answerable=True)).payload or {}
            assert answer.get("response_action") == "errors", (channel, metadata, chosen)
            assert "nothing was started" in str(answer["errors"])
    assert stage.asked("triggerBoltRun") == 0


async def test_who_is_there_starts_a_run_there(stage: Stage) -> None:
    """A member can start a run in a private channel, a group or direct messages; Bolt never gets the channel's name."""
    await stage.start_bot()
    workspace = stage.sandbox.workspace
    bot, ada = workspace.bot.id, workspace.user("ada").id
    workspace.add_channel("board", "private", [bot, ada], channel_id="C0BOARD")
    workspace.add_channel("mpdm-ada--grace--bolt-1", "mpim", [bot, ada, "U0GRACE"], channel_id="C0MPIM")
    delivery = stage.sandbox.slack.delivery
    for number, channel in enumerate(("C0BOARD", "C0MPIM", workspace.direct(ada).id)):
        body = forged(stage, f"V{number}", f'{{"v":1,"c":"{channel}"}}')
        answer = await delivery.send("interactive", body, answerable=True)
        assert answer.payload in (None, {}), answer.payload
        await stage.until(lambda: len(stage.started()) == number + 1)  # noqa: B023 - it is waited for here
        assert "board" not in str(stage.started()[-1].reason)
        assert "mpdm" not in str(stage.started()[-1].reason)
    assert "in a private channel" in str(stage.started()[0].reason)


async def test_a_form_stays_where_its_asker_no_longer_is(stage: Stage) -> None:
    """Someone who has left the channel since the form opened is told so in the form."""
    await stage.start_bot()
    form = await open_form(stage)
    await form.choose("nightly")
    channel = stage.sandbox.workspace.channel("data-eng")
    channel.members.remove("U0ADA")
    assert "one of us isn't in it" in str(await form.errors())
    channel.members.append("U0ADA")
