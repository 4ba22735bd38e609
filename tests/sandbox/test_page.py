"""The sandbox's endpoints for the page: the page itself, a stream of changes, and the switch for the bot."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from yarl import URL

from bolt_sandbox.server import Sandbox
from tests.waiting import PATIENCE_S
from tests.worlds import new_sandbox


@dataclass
class Visit:
    """A running sandbox, and a session with it."""

    sandbox: Sandbox
    base: str
    session: aiohttp.ClientSession

    async def get(self, path: str, status: int = 200) -> Any:  # noqa: ANN401
        """Get JSON from the control API."""
        async with self.session.get(f"{self.base}/control/{path}") as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()

    async def post(self, path: str, body: dict[str, object], status: int = 200) -> Any:  # noqa: ANN401
        """Post JSON to the control API."""
        async with self.session.post(f"{self.base}/control/{path}", json=body) as reply:
            assert reply.status == status, await reply.text()
            return await reply.json()


class Stream:
    """A stream of server-sent events."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self._reply = reply

    async def next(self) -> tuple[str, dict[str, Any]]:
        """The next event's name and data. Raises TimeoutError."""
        name = ""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                line = (await self._reply.content.readline()).decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, json.loads(line.removeprefix("data: "))

    async def changes(self, ending: str) -> list[dict[str, Any]]:
        """The changes up to and including the first one of this kind."""
        seen = []
        while True:
            name, data = await self.next()
            if name == "change":
                seen.append(data)
                if data["kind"] == ending:
                    return seen


@pytest.fixture
async def visit() -> AsyncIterator[Visit]:
    """A sandbox without a bot."""
    sandbox = new_sandbox()
    base = await sandbox.start()
    async with aiohttp.ClientSession() as session:
        yield Visit(sandbox, base, session)
    await sandbox.stop()


@pytest.fixture
async def ada(visit: Visit) -> AsyncIterator[Stream]:
    """The open stream of the changes that @ada sees."""
    async with visit.session.get(f"{visit.base}/control/events?as=ada") as reply:
        assert reply.content_type == "text/event-stream"
        stream = Stream(reply)
        assert (await stream.next())[0] == "calls"
        yield stream


async def test_messages_and_edits_are_told(visit: Visit, ada: Stream) -> None:
    """The stream names the channel and the message; the text has to be read separately."""
    ws = visit.sandbox.workspace
    message = ws.post(ws.channel("data-eng"), ws.bot, "one")
    ws.edit(message, "two", [], mark=False)
    ws.delete(message)
    told = await ada.changes("deleted")
    assert [each["kind"] for each in told] == ["posted", "edited", "deleted"]
    assert {(each["channel"], each["ts"]) for each in told} == {("C0DATAENG", message.ts)}


async def test_what_others_alone_see_is_not_told(visit: Visit, ada: Stream) -> None:
    """The stream has neither other people's ephemeral messages nor channels that the person isn't in."""
    ws = visit.sandbox.workspace
    secret = ws.add_channel("board", "private", ["U0GRACE"])
    ws.post(secret, ws.user("grace"), "psst")
    ws.show_privately("U0GRACE", "C0DATAENG", "for grace", via="test")
    ws.show_privately("U0ADA", "C0DATAENG", "for ada", via="test")
    (told,) = await ada.changes("private")
    assert told["ts"] == ws.privates[-1].ts


async def test_the_log_and_the_world_are_told(visit: Visit, ada: Stream) -> None:
    """A new entry in the log and a new fault are events in the stream."""
    visit.sandbox.workspace.log("chat.update", "from_app", "ok")
    assert await ada.next() == ("calls", {"next": 1})
    await visit.post("faults", {"kind": "ratelimited", "method": "chat.update"})
    assert await ada.next() == ("world", {})
    await visit.post("bolt/faults", {"kind": "slow", "latency_s": 1, "count": None})
    assert await ada.next() == ("world", {})


async def test_a_stream_ends_with_either_side(visit: Visit) -> None:
    """Nothing more is sent to a closed stream, and stopping the sandbox doesn't wait for open streams."""
    listeners = visit.sandbox.workspace.listeners
    before = list(listeners)
    async with visit.session.get(f"{visit.base}/control/events?as=ada") as reply:
        await Stream(reply).next()
        assert len(listeners) == len(before) + 1
        async with asyncio.timeout(PATIENCE_S):
            await visit.sandbox.stop()
    assert listeners == before


async def test_strangers_have_no_stream(visit: Visit) -> None:
    """Only people in the workspace have a stream."""
    assert (await visit.get("events?as=nobody", 404))["error"] == "user_not_found"


async def test_a_channel_as_one_person_sees_it(visit: Visit) -> None:
    """A channel shows viewers their private messages; private channels are for members; `dm` is the bot's chat."""
    ws = visit.sandbox.workspace
    ws.show_privately("U0ADA", "C0DATAENG", "for ada", via="test")
    ws.show_privately("U0ADA", "C0ANALYTICS", "elsewhere", via="test")
    seen = await visit.get("channels/data-eng?as=ada")
    assert [each["text"] for each in seen["private"]] == ["for ada"]
    assert (await visit.get("channels/data-eng?as=gus"))["private"] == []
    assert (await visit.get("channels/finance?as=gus", 404))["error"] == "channel_not_found"
    ws.post(ws.direct("U0ADA"), ws.bot, "hello")
    assert [each["text"] for each in (await visit.get("channels/dm?as=ada"))["messages"]] == ["hello"]


async def test_the_state_names_what_the_manifest_offers(visit: Visit) -> None:
    """The state has the manifest's commands with their hints, and which people are guests."""
    state = await visit.get("state")
    (command,) = state["commands"]
    assert command["command"] == "/bolt"
    assert "run <schedule>" in command["usage_hint"]
    assert {user["name"]: user["guest"] for user in state["users"]} == {
        "bolt": False,
        "ada": False,
        "grace": False,
        "gus": True,
    }


@pytest.mark.parametrize(("name", "media_type"), [("run.log", "text/plain"), ("chart.png", "image/png")])
async def test_files(visit: Visit, name: str, media_type: str) -> None:
    """Images are shown as such, everything else is plain text, and a download has the file's name."""
    ws = visit.sandbox.workspace
    api = f"{visit.base}/slack/api/"
    auth = {"Authorization": f"Bearer {ws.bot_token}"}
    form = {"filename": name, "length": "6", "alt_txt": "two bars"}
    async with visit.session.post(f"{api}files.getUploadURLExternal", data=form, headers=auth) as reply:
        upload = await reply.json()
    await visit.session.post(upload["upload_url"], data=b"<b>hi!")
    files = json.dumps([{"id": upload["file_id"], "title": name}])
    form = {"files": files, "channel_id": "C0DATAENG"}
    async with visit.session.post(f"{api}files.completeUploadExternal", data=form, headers=auth) as reply:
        assert (await reply.json())["ok"]
    async with visit.session.get(f"{visit.base}/control/files/{upload['file_id']}?download=1") as reply:
        assert reply.content_type == media_type
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}"
    (message,) = (await visit.get("channels/data-eng"))["messages"]
    assert message["files"][0]["alt_txt"] == "two bars"


async def test_a_bot_that_runs_elsewhere_cannot_be_killed(visit: Visit) -> None:
    """A sandbox without a bot of its own says so, and can't kill one."""
    assert (await visit.get("bot"))["run_by_sandbox"] is False
    assert (await visit.post("bot", {"do": "kill"}, 409))["error"] == "bot_runs_elsewhere"


async def test_the_page_runs_nothing_foreign(visit: Visit) -> None:
    """The page's content security policy allows only what the sandbox serves."""
    async with visit.session.get(f"{visit.base}/") as reply:
        assert reply.status == 200
        assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        page = await reply.text()
    assert "page/assets/page.js" in page
    async with visit.session.get(f"{visit.base}/page/assets/page.js") as reply:
        assert reply.status == 200
        assert reply.content_type == "text/javascript"
    for path in ("/page/assets/none.js", "/page/assets/..%2f..%2fserver.py", "/page/assets/../../server.py"):
        async with visit.session.get(URL(f"{visit.base}{path}", encoded=True)) as reply:
            assert reply.status == 404


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
async def test_pages_of_other_origins_are_refused(visit: Visit, origin: str) -> None:
    """Requests from other origins are refused, even a form to the Web API with the well-known token."""
    ws = visit.sandbox.workspace
    form = {"token": ws.bot_token, "channel": "C0DATAENG", "text": "from elsewhere"}
    url = f"{visit.base}/slack/api/chat.postMessage"
    async with visit.session.post(url, data=form, headers={"Origin": origin}) as reply:
        assert reply.status == 403
    async with visit.session.post(url, data=form, headers={"Origin": visit.base}) as reply:
        assert (await reply.json())["ok"]
    assert len(ws.channel("data-eng").messages) == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("say", '{"user": "ada", "channel": "data-eng", "text": "x \\ud800 y"}'),
        ("faults", '{"kind": "slow", "delay_s": NaN}'),
        ("faults", '{"kind": "slow", "delay_s": 1e400}'),
        ("faults", '{"kind": "slow", "delay_s": -1}'),
        ("faults", '{"away": "false"}'),
        ("click", '{"user": "ada", "channel": "data-eng", "label": 5}'),
        ("say", "[" * 200_000),
        ("say", "\xff"),
        ("say", "[]"),
    ],
)
async def test_what_is_not_understood_changes_nothing(visit: Visit, path: str, body: str) -> None:
    """An invalid call is refused, and the state is unchanged and readable."""
    headers = {"Content-Type": "application/json"}
    url = f"{visit.base}/control/{path}"
    async with visit.session.post(url, data=body.encode("latin-1"), headers=headers) as reply:
        assert reply.status in {400, 409}, await reply.text()
    state = await visit.get("state")
    assert state["faults"] == []
    assert state["away"] is False
    assert sum(channel["messages"] for channel in state["channels"]) == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users", {"name": "ada"}),
        ("channels", {"name": "data-eng"}),
        ("say", {"user": "ada", "channel": "data-eng", "text": "x", "thread_ts": "1.0"}),
    ],
)
async def test_what_is_there_or_is_not_is_refused(visit: Visit, path: str, body: dict[str, object]) -> None:
    """Names must be unique, and a thread needs a parent."""
    await visit.post(path, body, 409)
