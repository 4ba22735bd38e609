"""The control API itself: what it returns, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from bolt_sandbox.slack.workspace import CALLS_KEPT

from .conftest import Served


async def get(served: Served, path: str) -> Any:  # noqa: ANN401
    """Get JSON from the control API."""
    async with served.session.get(f"{served.base_url}/control/{path}") as reply:
        assert reply.status == 200
        return await reply.json()


async def test_a_channel_with_its_threads(served: Served) -> None:
    """A channel is returned as it is now: lines of text, replies, edits, metadata."""
    metadata = {"event_type": "card", "event_payload": {}}
    posted = await served.client.chat_postMessage(channel="C0DATAENG", text="one <@U0ADA>", metadata=metadata)
    await served.client.chat_postMessage(channel="C0DATAENG", text="below", thread_ts=posted["ts"])
    await served.client.chat_update(channel="C0DATAENG", ts=posted["ts"], text="two <@U0ADA>")
    channel = await get(served, "channels/data-eng")
    (message,) = channel["messages"]
    assert message["lines"] == ["two @ada"]
    assert message["earlier"] == ["one <@U0ADA>"]
    assert message["metadata"] == metadata
    assert [reply["text"] for reply in message["replies"]] == ["below"]


async def test_a_user_group_is_shown_by_its_handle(served: Served) -> None:
    """A user group is shown by its handle, as in Slack; an unknown one by its id."""
    await served.client.chat_postMessage(channel="C0DATAENG", text="ask <!subteam^S0DATALEADS> or <!subteam^S0GONE>")
    (message,) = (await get(served, "channels/data-eng"))["messages"]
    assert message["lines"] == ["ask @data-leads or @S0GONE"]


async def test_what_one_person_sees(served: Served) -> None:
    """A person's page contains ephemeral and direct messages."""
    await served.client.chat_postEphemeral(channel="C0DATAENG", user="U0ADA", text="psst")
    await served.client.chat_postMessage(channel="U0ADA", text="direct")
    page = await get(served, "users/ada")
    assert [each["text"] for each in page["private"]] == ["psst"]
    assert [each["text"] for each in page["direct"]] == ["direct"]
    assert (await get(served, "users/grace"))["private"] == []


async def test_state_and_calls(served: Served) -> None:
    """The state names everyone; the log holds each call with its outcome, and no token."""
    await served.client.auth_test()
    state = await get(served, "state")
    assert {"ada", "grace", "gus"} < {user["name"] for user in state["users"]}
    assert {"data-eng", "analytics", "finance"} == {channel["name"] for channel in state["channels"]}
    log = await get(served, "calls?what=auth.test")
    assert [call["outcome"] for call in log["calls"]] == ["ok"]
    assert served.ws.bot_token not in str(log)
    assert (await get(served, f"calls?after={log['next']}"))["calls"] == []


async def test_a_log_that_is_full_is_read_on(served: Served) -> None:
    """A full log drops its oldest entries, but numbering continues, so a reader misses nothing newer."""
    for number in range(CALLS_KEPT + 5):
        served.ws.log("look", "bolt", str(number))
    log = await get(served, "calls")
    assert len(log["calls"]) == CALLS_KEPT
    served.ws.log("look", "bolt", "newest")
    newest = await get(served, f"calls?after={log['next']}")
    assert [call["outcome"] for call in newest["calls"]] == ["newest"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("slash", {"user": "ada"}, 400),
        ("slash", {"user": "nobody", "channel": "data-eng"}, 409),
        ("slash", {"user": "gus", "channel": "finance"}, 409),
        ("click", {"user": "ada", "channel": "data-eng"}, 400),
        ("click", {"user": "ada", "channel": "data-eng", "label": "Nothing"}, 409),
        ("faults", {"kind": "gremlins"}, 400),
        ("faults", {"kind": "slow", "delay_s": "long"}, 400),
        ("sockets", {"do": "dance"}, 400),
        ("members", {"channel": "data-eng", "do": "promote"}, 400),
        ("view", {"view_id": "V1", "do": "submit"}, 409),
        ("slash", ["not", "an", "object"], 400),
    ],
)
async def test_refusals(served: Served, path: str, body: Any, status: int) -> None:  # noqa: ANN401
    """Invalid calls get 400, and calls that Slack wouldn't allow get 409."""
    async with served.session.post(f"{served.base_url}/control/{path}", json=body) as reply:
        assert reply.status == status
        assert (await reply.json())["error"]


async def test_json_only(served: Served) -> None:
    """A form, which a page elsewhere could send, is refused."""
    async with served.session.post(f"{served.base_url}/control/slash", data={"user": "ada"}) as reply:
        assert reply.status == 415


async def test_help(served: Served) -> None:
    """The page that explains the control API is served."""
    async with served.session.get(f"{served.base_url}/control") as reply:
        assert "/control/slash" in await reply.text()


async def test_channels_can_be_made(served: Served) -> None:
    """People and channels can be added for a test that needs many."""
    await served.control("users", name="linus", guest=True)
    made = await served.control("channels", name="team-7", kind="private", members=["linus", "bolt"])
    assert (await served.client.chat_postMessage(channel=str(made["channel"]), text="x"))["ok"]
