"""Deliveries to a real slack_bolt app: through Socket Mode, and signed over HTTP."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_sdk.signature import SignatureVerifier

from bolt_sandbox.slack.delivery import sign
from bolt_sandbox.slack.model import Refused
from tests.waiting import seen

from .conftest import Served
from .listener import BUTTONS, MODAL, Listener


@pytest.fixture
async def over_http(listener: Listener) -> AsyncIterator[str]:
    """The app served over HTTP, at this URL."""
    runner = web.AppRunner(listener.app.web_app(), shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    yield url
    await runner.cleanup()


@pytest.mark.usefixtures("handler")
async def test_a_command_over_a_socket(served: Served, listener: Listener) -> None:
    """A command has Slack's fields; only the asker sees its acknowledgement."""
    answer = await served.control("slash", user="ada", channel="data-eng", text="say hello")
    assert answer["acknowledged"]
    (body,) = listener.seen
    wanted = {"command": "/bolt", "text": "say hello", "user_id": "U0ADA", "channel_name": "data-eng"}
    assert wanted.items() <= body.items()
    assert {"token", "team_domain", "api_app_id", "response_url", "trigger_id", "is_enterprise_install"} <= set(body)
    (private,) = served.ws.privates
    assert (private.user, private.text, private.kind) == ("U0ADA", "hello", "ephemeral")
    assert not served.ws.channels["C0DATAENG"].messages


@pytest.mark.usefixtures("handler")
async def test_mentions_in_a_command_are_escaped(served: Served, listener: Listener) -> None:
    """As the manifest asks, mentions become ids with names as labels; a private channel's name is left out."""
    await served.people.slash("ada", "data-eng", "/bolt", "say @gus #data-eng --in=#finance @nobody a@gus")
    said = "say <@U0GUS|gus> <#C0DATAENG|data-eng> --in=<#C0FINANCE|> @nobody a@gus"
    assert listener.seen[0]["text"] == said


@pytest.mark.usefixtures("handler")
async def test_an_answer_in_the_channel(served: Served) -> None:
    """An in_channel answer shows the typed command too."""
    await served.control("slash", user="ada", channel="data-eng", text="shout hello")
    texts = [message.text for message in served.ws.channels["C0DATAENG"].messages.values()]
    assert texts == ["/bolt shout hello", "hello"]


@pytest.mark.usefixtures("handler")
async def test_delivered_twice(served: Served, listener: Listener) -> None:
    """A delivery can come twice, with the same trigger_id."""
    await served.control("slash", user="ada", channel="data-eng", text="say", times=2)
    assert len({body["trigger_id"] for body in listener.seen}) == 1
    assert len(listener.seen) == 2


@pytest.mark.usefixtures("handler")
async def test_no_acknowledgement(served: Served, listener: Listener) -> None:
    """Without an acknowledgement in time, the person sees operation_timeout."""
    listener.silent = True
    served.delivery.ack_timeout_s = 0.3
    answer = await served.control("slash", user="ada", channel="data-eng", text="say")
    assert answer["problem"] == "operation_timeout"
    (private,) = served.ws.privates
    assert private.kind == "notice"
    assert "operation_timeout" in private.text


async def test_nobody_is_connected(served: Served) -> None:
    """Without a socket the person sees dispatch_failed at once."""
    answer = await served.control("slash", user="ada", channel="data-eng", text="say")
    assert answer["problem"] == "dispatch_failed"


@pytest.mark.usefixtures("handler")
async def test_a_click(served: Served, listener: Listener) -> None:
    """A click's payload has Slack's fields."""
    posted = await served.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=BUTTONS)
    answer = await served.control("click", user="grace", channel="data-eng", label="cancel run")
    assert answer["acknowledged"]
    assert answer["ts"] == posted["ts"]
    (body,) = listener.seen
    (action,) = body["actions"]
    wanted = {"action_id": "cancel", "block_id": "acts", "value": "4711", "type": "button", "style": "danger"}
    assert wanted.items() <= action.items()
    assert "action_ts" in action
    assert body["user"]["id"] == "U0GRACE"
    assert body["container"] == {
        "type": "message",
        "message_ts": posted["ts"],
        "channel_id": "C0DATAENG",
        "is_ephemeral": False,
    }
    assert body["message"]["text"] == "card"
    assert {"trigger_id", "response_url", "team", "api_app_id", "state", "enterprise"} <= set(body)


@pytest.mark.usefixtures("handler")
async def test_a_click_on_an_ephemeral(served: Served, listener: Listener) -> None:
    """A click on an ephemeral message is marked as such and contains no message; only the recipient can click."""
    await served.client.chat_postEphemeral(channel="C0DATAENG", user="U0ADA", text="x", blocks=BUTTONS)
    await served.people.click("ada", "data-eng", served.ws.privates[0].ts, action_id="cancel")
    assert listener.seen[0]["container"]["is_ephemeral"]
    assert "message" not in listener.seen[0]
    with pytest.raises(Refused):
        await served.people.click("grace", "data-eng", served.ws.privates[0].ts, action_id="cancel")


@pytest.mark.usefixtures("handler")
async def test_events(served: Served, listener: Listener) -> None:
    """Mentions, direct messages and an opened Home reach the app as events."""
    await served.control("mention", user="ada", channel="data-eng", text="hello")
    await served.control("say", user="ada", channel="dm", text="hello")
    await served.control("home", user="ada")
    kinds = [(body["event"]["type"], body["event"].get("channel_type")) for body in listener.seen]
    assert kinds == [("app_mention", None), ("message", "im"), ("app_home_opened", None)]
    assert listener.seen[0]["event"]["text"] == f"<@{served.ws.bot.id}> hello"
    assert len({body["event_id"] for body in listener.seen}) == 3


@pytest.mark.usefixtures("handler")
async def test_what_a_person_writes(served: Served, listener: Listener) -> None:
    """An event has the words as text and rich text, a client's message id, the team, and its thread's parent."""
    card = await served.client.chat_postMessage(channel="C0DATAENG", text="card")
    await served.people.mention("ada", "data-eng", "cancel", thread_ts=card["ts"])
    (body,) = listener.seen
    event = body["event"]
    assert event["team"] == served.ws.team_id
    assert event["thread_ts"] == card["ts"]
    assert event["parent_user_id"] == served.ws.bot.id
    assert event["ts"] == event["event_ts"]
    assert len(event["client_msg_id"]) == 36
    assert event["blocks"][0]["elements"][0]["elements"] == [
        {"type": "user", "user_id": served.ws.bot.id},
        {"type": "text", "text": " cancel"},
    ]
    assert "channel_type" not in event
    assert body["is_ext_shared_channel"] is False


@pytest.mark.usefixtures("handler")
async def test_edits_are_events_too(served: Served, listener: Listener) -> None:
    """An edited mention is delivered again, marked as edited; an edited direct message has both its texts."""
    said = await served.people.mention("ada", "data-eng", "hello")
    await served.control("edit", user="ada", channel="data-eng", ts=said.ts, text=f"<@{served.ws.bot.id}> bye")
    direct = await served.people.say("ada", "dm", "hello")
    await served.control("edit", user="ada", channel="dm", ts=direct.ts, text="bye")
    mention, changed = listener.seen[1]["event"], listener.seen[3]["event"]
    assert (mention["type"], mention["ts"], mention["edited"]["user"]) == ("app_mention", said.ts, "U0ADA")
    assert (changed["subtype"], changed["channel_type"], changed["hidden"]) == ("message_changed", "im", True)
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("bye", "hello")
    with pytest.raises(Refused, match="cant_update_message"):
        await served.people.edit("grace", "data-eng", said.ts, "mine")


@pytest.mark.usefixtures("handler")
async def test_what_the_app_says_in_a_direct_message_comes_back_to_it(served: Served, listener: Listener) -> None:
    """The app receives its own posts and edits in direct messages, and none of its own in channels."""
    # slack_bolt itself ignores the app's own messages.
    listener.app._async_middleware_list[:] = [
        one for one in listener.app._async_middleware_list if "IgnoringSelf" not in type(one).__name__
    ]
    posted = await served.client.chat_postMessage(channel="U0ADA", text="one")
    await served.client.chat_update(channel=posted["channel"], ts=posted["ts"], text="two")
    await served.client.chat_postMessage(channel="C0DATAENG", text="three")
    await seen(served.ws, lambda: len(listener.seen) == 2)
    said = sorted((body["event"] for body in listener.seen), key=lambda event: event.get("subtype", ""))
    assert (said[0]["bot_id"], said[0]["text"]) == (served.ws.bot.bot_id, "one")
    assert said[1]["message"]["text"] == "two"


@pytest.mark.usefixtures("handler")
async def test_an_app_hears_what_it_has_subscribed_to_and_may_hear(served: Served, listener: Listener) -> None:
    """An app receives no event without its subscription, without its scope, or from a channel it isn't in."""
    await served.people.mention("ada", "analytics", "the app is not in here")
    served.ws.scopes.discard("app_mentions:read")
    await served.people.mention("ada", "data-eng", "it may not hear this")
    served.ws.features = replace(served.ws.features, events=frozenset({"app_mention"}))
    await served.people.say("ada", "dm", "nor this")
    await served.people.open_home("ada")
    assert listener.seen == []
    served.ws.scopes.add("app_mentions:read")
    await served.people.mention("ada", "data-eng", "but this")
    assert len(listener.seen) == 1


async def test_a_direct_message_where_the_manifest_forbids_it(served: Served) -> None:
    """The manifest can make the Messages tab read-only; then nobody can write to the bot directly."""
    served.ws.features = replace(served.ws.features, messages_tab_read_only=True)
    with pytest.raises(Refused, match="messages_tab_disabled"):
        await served.people.say("ada", "dm", "hello")


@pytest.mark.usefixtures("handler")
async def test_people_of_another_organization(served: Served, listener: Listener) -> None:
    """Payloads about people from another organization name their team, and they can't use our commands."""
    await served.control("users", name="eve", team="T0ELSE")
    await served.control("members", channel="data-eng", user="eve", do="invite")
    await served.people.mention("eve", "data-eng", "hello")
    await served.people.mention("ada", "data-eng", "hello")
    await served.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=BUTTONS)
    await served.people.click(
        "eve", "data-eng", served.people.newest_with("eve", "data-eng", label="Cancel run"), label="Cancel run"
    )
    hers, ours, click = listener.seen
    assert hers["event"]["user_team"] == hers["event"]["source_team"] == "T0ELSE"
    assert hers["event"]["team"] == hers["team_id"] == served.ws.team_id
    assert hers["is_ext_shared_channel"]
    assert hers["authorizations"][0]["team_id"] == hers["context_team_id"] == served.ws.team_id
    assert (ours["team_id"], ours["is_ext_shared_channel"]) == (served.ws.team_id, True)
    assert (click["user"]["team_id"], click["team"]["id"]) == ("T0ELSE", served.ws.team_id)
    with pytest.raises(Refused, match="invalid_command"):
        await served.people.slash("eve", "data-eng", "/bolt", "say")


@pytest.mark.usefixtures("handler")
async def test_another_apps_bot(served: Served, listener: Listener) -> None:
    """Another app's bot can mention ours; the event names that bot and its app."""
    await served.control("users", name="ci", bot=True)
    await served.control("members", channel="data-eng", user="ci", do="invite")
    await served.people.mention("ci", "data-eng", "hello")
    event = listener.seen[0]["event"]
    assert event["bot_id"] == event["bot_profile"]["id"] != served.ws.bot.bot_id
    assert event["app_id"] != served.ws.app_id
    assert "client_msg_id" not in event


async def test_an_event_is_delivered_again(served: Served, listener: Listener) -> None:
    """An event that isn't acknowledged is sent again three times: at once, after 1 minute, and after 5 minutes."""
    listener.silent = True
    await served.people.mention("ada", "data-eng", "x")
    await seen(served.ws, lambda: sum("retry" in call.details for call in served.ws.calls) == 3)
    assert served.slept == [0.0, 60.0, 300.0]


@pytest.mark.usefixtures("handler")
async def test_a_modal(served: Served, listener: Listener) -> None:
    """A modal opens with a trigger, shows errors, can have another pushed onto it, and closes."""
    await served.control("slash", user="ada", channel="data-eng", text="modal")
    await seen(served.ws, lambda: bool(served.ws.views))
    (view_id,) = served.ws.views
    bad = await served.control("view", view_id=view_id, do="submit", values={"b": {"a": "bad"}})
    assert bad["payload"] == {"response_action": "errors", "errors": {"b": "No such branch"}}
    assert served.ws.views[view_id].open
    await served.control("view", view_id=view_id, do="submit", values={"b": {"a": "more"}})
    top = next(view for view in served.ws.views.values() if view.previous == view_id)
    await served.control("view", view_id=top.id, do="close", all=True)
    assert listener.seen[-1]["type"] == "view_closed"
    assert not any(view.open for view in served.ws.views.values())


@pytest.mark.usefixtures("handler")
async def test_what_a_submission_may_answer(served: Served) -> None:
    """A submission's answer can replace the modal or close the whole stack; an invalid view is an error."""
    await served.control("slash", user="ada", channel="data-eng", text="modal")
    await seen(served.ws, lambda: bool(served.ws.views))
    (view,) = served.ws.views.values()
    broken = await served.people.submit(view.id, {"b": {"a": "broken"}})
    assert broken.problem == "invalid_arguments"
    await served.people.submit(view.id, {"b": {"a": "new"}})
    assert (view.open, view.content["callback_id"]) == (True, "other")
    view.content["callback_id"] = "form"
    await served.people.submit(view.id, {"b": {"a": "clear"}})
    assert not view.open


@pytest.mark.usefixtures("handler")
async def test_in_a_home(served: Served, listener: Listener) -> None:
    """A click and a search on a Home tab name the view, and have no channel and no response_url."""
    button = {"type": "button", "action_id": "home", "text": {"type": "plain_text", "text": "Refresh"}}
    search = {"type": "external_select", "action_id": "schedule", "min_query_length": 1}
    blocks = [{"type": "actions", "elements": [button, search]}]
    published = await served.client.views_publish(user_id="U0ADA", view={"type": "home", "blocks": blocks})
    view_id = published["view"]["id"]
    clicked = await served.control("view", view_id=view_id, do="click", action_id="home")
    assert clicked["acknowledged"]
    assert listener.seen[0]["container"] == {"type": "view", "view_id": view_id}
    assert not {"channel", "response_url"} & set(listener.seen[0])
    found = await served.control("view", view_id=view_id, do="suggest", action_id="schedule", value="nig")
    assert found["payload"] == {"options": [{"text": {"type": "plain_text", "text": "nig"}, "value": "v"}]}


@pytest.mark.usefixtures("handler")
async def test_a_modal_with_a_gap_is_not_sent(served: Served, listener: Listener) -> None:
    """Slack doesn't submit a form whose required input is empty."""
    await served.control("slash", user="ada", channel="data-eng", text="modal")
    await seen(served.ws, lambda: bool(served.ws.views))
    with pytest.raises(Refused, match="missing_input"):
        await served.people.submit(next(iter(served.ws.views)), {})
    assert len(listener.seen) == 1


@pytest.mark.usefixtures("handler")
async def test_shortcuts(served: Served, listener: Listener) -> None:
    """Global and message shortcuts arrive."""
    ts = (await served.client.chat_postMessage(channel="C0DATAENG", text="x"))["ts"]
    await served.control("shortcut", user="ada", callback_id="short")
    await served.control("shortcut", user="ada", callback_id="short", channel="data-eng", ts=ts)
    assert [body["type"] for body in listener.seen] == ["shortcut", "message_action"]
    assert listener.seen[1]["message"]["ts"] == ts


async def test_triggers_expire(served: Served) -> None:
    """A trigger_id works once, within three seconds."""
    trigger_id = served.ws.new_trigger("U0ADA")
    await served.client.views_open(trigger_id=trigger_id, view=MODAL)
    for made, later, error in ((trigger_id, 0.0, "exchanged_trigger_id"), (None, 3.1, "expired_trigger_id")):
        used = made or served.ws.new_trigger("U0ADA")
        served.clock.now += later
        with pytest.raises(Exception, match=error):
            await served.client.views_open(trigger_id=used, view=MODAL)


async def test_each_payload_goes_to_one_connection(served: Served, listener: Listener, handler: Any) -> None:  # noqa: ANN401
    """With several connections, each payload goes to one of them, and over time each gets some."""
    other = Listener(served.client)
    second = AsyncSocketModeHandler(other.app, served.ws.app_token)
    await second.connect_async()
    await seen(served.ws, lambda: len(served.delivery.sockets.connections) == 2)
    for _time in range(20):
        await served.people.slash("ada", "data-eng", "/bolt", "say")
    assert len(listener.seen) + len(other.seen) == 20
    assert listener.seen
    assert other.seen
    await second.close_async()
    assert handler is not None


async def test_ten_connections_at_the_most(served: Served) -> None:
    """An eleventh connection is refused with the reason; a ticket works only once."""
    sockets = []
    for _time in range(10):
        sockets.append(await served.session.ws_connect(served.delivery.sockets.open_url()))
        assert (await sockets[-1].receive_json())["type"] == "hello"
    url = served.delivery.sockets.open_url()
    async with served.session.ws_connect(url) as extra:
        assert (await extra.receive_json())["reason"] == "too_many_websockets"
    async with served.session.get(url) as reply:
        assert reply.status == 401
    for socket in sockets:
        await socket.close()


async def test_a_socket_with_socket_mode_off(served: Served) -> None:
    """With Socket Mode off, a URL is still given out, and the connection is closed with the reason."""
    await served.control("app", socket_mode=False)
    socket = await served.session.ws_connect(served.delivery.sockets.open_url())
    assert (await socket.receive_json())["reason"] == "link_disabled"
    assert (await socket.receive()).type is WSMsgType.CLOSE


async def test_a_socket_of_another_app(served: Served) -> None:
    """A socket of another app is accepted, isn't counted as ours, and gets none of our payloads."""
    reply = await served.client.apps_connections_open(app_token=served.ws.other_app_token)
    socket = await served.session.ws_connect(reply["url"])
    hello = await socket.receive_json()
    assert (hello["connection_info"]["app_id"], hello["num_connections"]) == (served.ws.other_app_id, 1)
    assert (await served.people.slash("ada", "data-eng", "/bolt", "help")).problem == "dispatch_failed"
    await socket.close()


@pytest.mark.parametrize("what", [{"do": "disconnect", "close_after_s": 0}, {"do": "drop"}, {"do": "deaf"}])
async def test_the_client_comes_back(served: Served, handler: AsyncSocketModeHandler, what: dict[str, Any]) -> None:
    """Slack's own client reconnects if its socket is refreshed, is dropped or no longer answers."""
    (before,) = served.delivery.sockets.connections
    await served.control("sockets", **what)

    def anew() -> bool:
        return any(each is not before for each in served.delivery.sockets.connections)

    await seen(served.ws, anew)
    assert handler is not None


async def test_away(served: Served, handler: AsyncSocketModeHandler) -> None:
    """While Slack is away, nothing answers and nothing connects; afterward, everything works again."""
    await served.control("faults", away=True)
    with pytest.raises(Exception, match=r"disconnected|reset|closed"):
        await served.client.auth_test()
    assert not served.delivery.sockets.connections
    async with served.session.delete(f"{served.base_url}/control/faults") as reply:
        assert reply.status == 200
    await seen(served.ws, lambda: bool(served.delivery.sockets.connections))
    assert (await served.client.auth_test())["ok"]
    assert handler is not None


async def test_http_delivery(served: Served, listener: Listener, over_http: str) -> None:
    """Over HTTP, everything is signed and sent to one URL, which has answered the challenge."""
    served.clock.now = time.time()
    await served.control("app", request_url=over_http, verify=True)
    answer = await served.control("slash", user="ada", channel="data-eng", text="say hello")
    assert answer["acknowledged"]
    assert served.ws.privates[0].text == "hello"
    await served.client.chat_postMessage(channel="C0DATAENG", text="card", blocks=BUTTONS)
    await served.control("click", user="ada", channel="data-eng", action_id="cancel")
    await served.control("mention", user="ada", channel="data-eng", text="x")
    assert [body.get("type") for body in listener.seen] == [None, "block_actions", "event_callback"]


async def test_http_failures(served: Served, listener: Listener, over_http: str) -> None:
    """If the app's server refuses a request or can't be reached, the person sees dispatch_failed."""
    served.ws.request_url = over_http
    old = await served.people.slash("ada", "data-eng", "/bolt", "say")
    assert old.problem == "dispatch_failed", "the clock stands in the past: the signature is too old"
    served.ws.request_url = "http://127.0.0.1:9/nothing"
    gone = await served.people.slash("ada", "data-eng", "/bolt", "say")
    assert gone.problem == "dispatch_failed"
    assert not listener.seen


async def test_slow_http(served: Served) -> None:
    """Over HTTP, a failed event is repeated with a retry number in its headers, until a response says not to."""
    headers: list[tuple[str | None, str | None]] = []

    async def handle(request: web.Request) -> web.Response:
        headers.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
        last = len(headers) == 3
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"} if last else {})

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    served.ws.request_url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await served.people.mention("ada", "data-eng", "x")
    await seen(served.ws, lambda: len(headers) == 3)
    assert headers == [(None, None), ("1", "http_error"), ("2", "http_error")]
    await runner.cleanup()


def test_signature() -> None:
    """Our signature equals the one that Slack's own verifier generates."""
    verifier = SignatureVerifier("secret")
    expected = verifier.generate_signature(timestamp="1700000000", body=b"a=b&c=d")
    assert sign("secret", "1700000000", b"a=b&c=d") == expected
