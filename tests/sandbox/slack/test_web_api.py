"""The Web API, driven by Slack's own client."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from .conftest import Served

SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}


def button(**more: Any) -> dict[str, Any]:  # noqa: ANN401
    """A block with one button."""
    element = {"type": "button", "text": {"type": "plain_text", "text": "Go"}, "action_id": "go", **more}
    return {"type": "actions", "elements": [element]}


async def refusal(call: Any) -> str:  # noqa: ANN401
    """The code with which Slack refuses a call."""
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_auth_test(served: Served) -> None:
    """auth.test names the bot and returns the scopes in a header."""
    reply = await served.client.auth_test()
    assert reply["user_id"] == served.ws.bot.id
    assert reply["bot_id"] == served.ws.bot.bot_id
    assert "chat:write" in reply.headers["x-oauth-scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-other", "invalid_auth"), ("", "not_authed"), ("xapp-1-A0SANDBOX-1-sandbox", "not_allowed_token_type")],
)
async def test_tokens(served: Served, token: str, error: str) -> None:
    """Only the bot's token is accepted for the bot's methods."""
    served.client.token = token
    assert await refusal(served.client.auth_test()) == error


async def test_revoked_token(served: Served) -> None:
    """A revoked token is refused with its own error."""
    await served.control("app", revoked=True)
    assert await refusal(served.client.auth_test()) == "token_revoked"


async def test_unknown_method(served: Served) -> None:
    """A method that isn't implemented is an unknown method, not a silent success."""
    assert await refusal(served.client.api_call("pins.add")) == "unknown_method"


async def test_missing_scope(served: Served) -> None:
    """A missing scope is named in the refusal."""
    served.ws.scopes.discard("channels:history")
    with pytest.raises(SlackApiError) as caught:
        await served.client.conversations_history(channel="C0DATAENG")
    reply = caught.value.response
    assert (reply["error"], reply["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in reply["provided"]


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
async def test_post_and_update(served: Served) -> None:
    """A post can be edited; text without blocks removes the blocks, and blocks alone keep the text."""
    posted = await served.client.chat_postMessage(channel="C0DATAENG", text="one", blocks=[SECTION])
    ts = posted["ts"]
    assert len(posted["message"]["blocks"][0]["block_id"]) == 5
    kept = await served.client.chat_update(channel="C0DATAENG", ts=ts, blocks=[SECTION, SECTION])
    assert kept["text"] == "one"
    assert "edited" not in kept["message"]
    bare = await served.client.chat_update(channel="C0DATAENG", ts=ts, text="two")
    assert "blocks" not in bare["message"]
    assert "edited" in bare["message"]
    assert [each.text for each in served.ws.channels["C0DATAENG"].messages[ts].earlier] == ["one", "one"]


async def test_timestamps_are_unique(served: Served) -> None:
    """Timestamps are unique and increase, even if the clock doesn't move."""
    stamps = [(await served.client.chat_postMessage(channel="C0DATAENG", text=str(n)))["ts"] for n in range(3)]
    assert stamps == sorted(set(stamps))
    assert stamps[0] == "1700000000.000000"


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C0ANALYTICS", "not_in_channel"), ("C0FINANCE", "channel_not_found"), ("C0NOWHERE", "channel_not_found")],
)
async def test_where_the_bot_may_post(served: Served, channel: str, error: str) -> None:
    """Posting in a public channel requires membership; a private one doesn't exist for a bot outside it."""
    assert await refusal(served.client.chat_postMessage(channel=channel, text="x")) == error


async def test_public_scope(served: Served) -> None:
    """With chat:write.public, the bot can post in a public channel that it isn't in."""
    served.ws.scopes.add("chat:write.public")
    assert (await served.client.chat_postMessage(channel="C0ANALYTICS", text="x"))["ok"]


async def test_archived(served: Served) -> None:
    """An archived channel accepts no message."""
    await served.control("members", channel="data-eng", do="archive")
    assert await refusal(served.client.chat_postMessage(channel="C0DATAENG", text="x")) == "is_archived"


@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")
@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x", "blocks": "[not json"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": "{}"}, "invalid_blocks_format"),
        ({"text": "x", "blocks": [{"type": "hologram"}]}, "invalid_blocks"),
        ({"text": "x", "blocks": [button(value="v" * 2001)]}, "invalid_blocks"),
        (
            {"text": "x", "blocks": [{**SECTION, "text": {"type": "mrkdwn", "text": "x" * 2700}}] * 5},
            "msg_blocks_too_long",
        ),
        ({"text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_schema"),
        ({"text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"text": "x", "attachments": [{"text": "x"}] * 101}, "too_many_attachments"),
        ({"text": "x", "thread_ts": "1600000000.000100"}, "thread_not_found"),
    ],
)
async def test_content(served: Served, more: dict[str, Any], error: str) -> None:
    """Invalid content is refused with Slack's own errors."""
    assert await refusal(served.client.chat_postMessage(channel="C0DATAENG", **more)) == error


async def test_invalid_blocks_say_where(served: Served) -> None:
    """invalid_blocks names the places with JSON pointers."""
    with pytest.raises(SlackApiError) as caught:
        await served.client.chat_postMessage(channel="C0DATAENG", text="x", blocks=[{"type": "hologram"}])
    assert "/blocks/0/type" in caught.value.response["response_metadata"]["messages"][0]


async def test_long_texts(served: Served) -> None:
    """A post's text is cut at 40,000 characters; an edit with over 4,000 is refused."""
    posted = await served.client.chat_postMessage(channel="C0DATAENG", text="x" * 40_001)
    assert len(posted["message"]["text"]) == 40_000
    assert posted["warning"] == "message_truncated"
    call = served.client.chat_update(channel="C0DATAENG", ts=posted["ts"], text="x" * 4001)
    assert await refusal(call) == "msg_too_long"


async def test_only_own_messages_change(served: Served) -> None:
    """Somebody else's message can be neither edited nor deleted, and a deleted one isn't found."""
    message = await served.people.say("ada", "data-eng", "mine")
    update = served.client.chat_update(channel="C0DATAENG", ts=message.ts, text="x")
    assert await refusal(update) == "cant_update_message"
    delete = served.client.chat_delete(channel="C0DATAENG", ts=message.ts)
    assert await refusal(delete) == "cant_delete_message"
    gone = served.client.chat_update(channel="C0DATAENG", ts="1.000001", text="x")
    assert await refusal(gone) == "message_not_found"


async def test_threads_and_metadata(served: Served) -> None:
    """Replies appear only in their thread, and metadata is returned on request."""
    metadata = {"event_type": "card", "event_payload": {"key": "k1"}}
    parent = (await served.client.chat_postMessage(channel="C0DATAENG", text="parent", metadata=metadata))["ts"]
    for text in ("a", "b"):
        await served.client.chat_postMessage(channel="C0DATAENG", text=text, thread_ts=parent)
    history = await served.client.conversations_history(channel="C0DATAENG", include_all_metadata=True)
    (only,) = history["messages"]
    assert only["metadata"] == metadata
    assert only["reply_count"] == 2
    bare = await served.client.conversations_history(channel="C0DATAENG")
    assert "metadata" not in bare["messages"][0]
    thread = await served.client.conversations_replies(channel="C0DATAENG", ts=parent)
    assert [each["text"] for each in thread["messages"]] == ["parent", "a", "b"]


async def test_history_pages_and_bounds(served: Served) -> None:
    """History is returned newest first, in pages, and within oldest and latest."""
    stamps = [(await served.client.chat_postMessage(channel="C0DATAENG", text=str(n)))["ts"] for n in range(5)]
    first = await served.client.conversations_history(channel="C0DATAENG", limit=2)
    assert [each["text"] for each in first["messages"]] == ["4", "3"]
    assert first["has_more"]
    cursor = first["response_metadata"]["next_cursor"]
    second = await served.client.conversations_history(channel="C0DATAENG", limit=2, cursor=cursor)
    assert [each["text"] for each in second["messages"]] == ["2", "1"]
    after = await served.client.conversations_history(channel="C0DATAENG", oldest=stamps[3])
    assert [each["text"] for each in after["messages"]] == ["4"]
    inclusive = await served.client.conversations_history(channel="C0DATAENG", oldest=stamps[3], inclusive=True)
    assert [each["text"] for each in inclusive["messages"]] == ["4", "3"]
    bad = served.client.conversations_history(channel="C0DATAENG", cursor="nonsense!")
    assert await refusal(bad) == "invalid_cursor"


async def test_deleting_a_parent_leaves_a_tombstone(served: Served) -> None:
    """A deleted parent stays as a tombstone while it has replies."""
    parent = (await served.client.chat_postMessage(channel="C0DATAENG", text="p"))["ts"]
    reply = (await served.client.chat_postMessage(channel="C0DATAENG", text="r", thread_ts=parent))["ts"]
    await served.client.chat_delete(channel="C0DATAENG", ts=parent)
    assert served.ws.channels["C0DATAENG"].messages[parent].subtype == "tombstone"
    await served.client.chat_delete(channel="C0DATAENG", ts=reply)
    assert reply not in served.ws.channels["C0DATAENG"].messages


async def test_ephemerals(served: Served) -> None:
    """An ephemeral message is shown to one person only, who must be a member, and can't be edited."""
    posted = await served.client.chat_postEphemeral(channel="C0DATAENG", user="U0ADA", text="psst")
    (private,) = served.ws.privates
    assert (private.user, private.text) == ("U0ADA", "psst")
    call = served.client.chat_update(channel="C0DATAENG", ts=posted["message_ts"], text="x")
    assert await refusal(call) == "message_not_found"
    await served.control("members", channel="data-eng", user="gus", do="kick")
    stranger = served.client.chat_postEphemeral(channel="C0DATAENG", user="U0GUS", text="x")
    assert await refusal(stranger) == "user_not_in_channel"


async def test_joining(served: Served) -> None:
    """The bot can join a public channel, but not a private one."""
    assert (await served.client.conversations_join(channel="C0ANALYTICS"))["channel"]["is_member"]
    again = await served.client.conversations_join(channel="C0ANALYTICS")
    assert again["warning"] == "already_in_channel"
    private = served.client.conversations_join(channel="C0FINANCE")
    assert await refusal(private) == "channel_not_found"
    await served.control("members", channel="finance", do="invite")
    inside = served.client.conversations_join(channel="C0FINANCE")
    assert await refusal(inside) == "method_not_supported_for_channel_type"


async def test_direct_messages(served: Served) -> None:
    """A person's id opens the direct conversation; an edit needs the conversation's id."""
    posted = await served.client.chat_postMessage(channel="U0ADA", text="hi")
    assert posted["channel"].startswith("D")
    assert (await served.client.conversations_open(users="U0ADA"))["channel"]["id"] == posted["channel"]
    call = served.client.chat_update(channel="U0ADA", ts=posted["ts"], text="x")
    assert await refusal(call) == "channel_not_found"
    history = await served.client.conversations_history(channel=posted["channel"])
    assert history["messages"][0]["text"] == "hi"


async def test_lists(served: Served) -> None:
    """Lists leave out what the bot can't know."""
    channels = await served.client.conversations_list(types="public_channel,private_channel")
    assert [each["name"] for each in channels["channels"]] == ["data-eng", "analytics"]
    users = await served.client.users_list()
    assert {"ada", "grace", "gus"} < {each["name"] for each in users["members"]}
    groups = await served.client.usergroups_list()
    members = await served.client.usergroups_users_list(usergroup=groups["usergroups"][0]["id"])
    assert members["users"] == ["U0ADA", "U0GRACE"]
    assert (await served.client.users_info(user="U0GUS"))["user"]["is_restricted"]
    assert (await served.client.team_info())["team"]["id"] == served.ws.team_id


async def test_permalink(served: Served) -> None:
    """A permalink contains the channel and the message."""
    ts = (await served.client.chat_postMessage(channel="C0DATAENG", text="x"))["ts"]
    link = (await served.client.chat_getPermalink(channel="C0DATAENG", message_ts=ts))["permalink"]
    assert link == f"https://acme-data.slack.com/archives/C0DATAENG/p{ts.replace('.', '')}"


async def test_upload(served: Served) -> None:
    """A file is uploaded in three steps and appears as a message of its own in the thread."""
    parent = (await served.client.chat_postMessage(channel="C0DATAENG", text="p"))["ts"]
    sent = await served.client.files_upload_v2(
        channel="C0DATAENG", thread_ts=parent, filename="run.log", content="a\nb\n", snippet_type="text", title="Log"
    )
    file_id = sent["file"]["id"]
    assert "shares" not in sent["file"]
    info = await served.client.files_info(file=file_id)
    assert info["file"]["mode"] == "snippet"
    (share,) = info["file"]["shares"]["public"]["C0DATAENG"]
    assert share["thread_ts"] == parent
    thread = await served.client.conversations_replies(channel="C0DATAENG", ts=parent)
    assert thread["messages"][-1]["files"][0]["id"] == file_id
    async with served.session.get(f"{served.base_url}/control/files/{file_id}") as reply:
        assert await reply.text() == "a\nb\n"


async def test_upload_refusals(served: Served) -> None:
    """A snippet over 1 MB, an unknown type, an early completion and a channel without the bot are refused."""
    big = served.client.files_getUploadURLExternal(filename="x", length=1024 * 1024 + 1, snippet_type="text")
    assert await refusal(big) == "snippet_too_large"
    odd = served.client.files_getUploadURLExternal(filename="x", length=1, snippet_type="klingon")
    assert await refusal(odd) == "unknown_snippet_type"
    ticket = await served.client.files_getUploadURLExternal(filename="x", length=1)
    early = served.client.files_completeUploadExternal(files=[{"id": ticket["file_id"], "title": "x"}])
    assert await refusal(early) == "file_not_found"
    await (await served.session.post(ticket["upload_url"], data=b"x")).read()
    elsewhere = served.client.files_completeUploadExternal(
        files=[{"id": ticket["file_id"], "title": "x"}], channel_id="C0ANALYTICS"
    )
    assert await refusal(elsewhere) == "not_in_channel"


async def test_reactions(served: Served) -> None:
    """A reaction can be added only once."""
    ts = (await served.client.chat_postMessage(channel="C0DATAENG", text="x"))["ts"]
    await served.client.reactions_add(channel="C0DATAENG", timestamp=ts, name="eyes")
    again = served.client.reactions_add(channel="C0DATAENG", timestamp=ts, name="eyes")
    assert await refusal(again) == "already_reacted"


async def test_blocks_validate(served: Served) -> None:
    """blocks.validate needs no token and reports invalid blocks."""
    served.client.token = None
    assert (await served.client.blocks_validate(blocks=[SECTION]))["ok"]
    call = served.client.blocks_validate(blocks=[{"type": "section"}])
    assert await refusal(call) == "invalid_blocks"
