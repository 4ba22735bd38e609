"""The control API, over a socket."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from standardwebhooks import Webhook, WebhookVerificationError

from tests.sandbox.bolt.conftest import Served


@dataclass(frozen=True)
class Post:
    """A received webhook."""

    headers: dict[str, str]
    body: str


@dataclass
class Receiver:
    """Receives webhooks on this machine, and answers 202."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        """Keep a webhook."""
        self.posts.append(Post(dict(request.headers), await request.text()))
        return web.Response(status=202)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that's listening."""
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def control(served: Served, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of a control call that succeeds."""
    response = await served.client.post(f"/control/bolt/{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_run_that_somebody_starts_in_bolt(served: Served) -> None:
    """Actors other than the API key can start, cancel and end a run."""
    body = {"slug": "backfill", "branch": "main", "pull_request": 7, "commands": ["sleep 60"], "actor": "Mary"}
    run = await control(served, "runs", body)
    assert (run["actor"], run["state"], run["gitInfo"]["pullRequestId"]) == ("Mary", "STARTING", "7")
    cancelled = await control(served, f"runs/{run['id']}/cancel", {"actor": "Ken"})
    assert cancelled["stopped_by"] == "Ken"
    served.clock.pass_s(5)
    assert served.world.view(run["id"]).state == "CANCELED"
    other = await control(served, "runs", {"slug": "backfill"})
    assert (await control(served, f"runs/{other['id']}/end", {"state": "REMOVING"}))["state"] == "REMOVING"


async def test_the_state(served: Served) -> None:
    """The state holds schedules, runs, counts of requests, faults and settings."""
    await served.trigger("nightly", reason="why")
    await control(served, "faults", {"kind": "status:502", "operation": "x"})
    state = (await served.client.get("/control/bolt/state")).json()
    assert state["schedules"][0]["slug"] == "nightly"
    assert state["runs"][0]["reason"] == "why"
    assert state["requests"] == {
        "total": 1,
        "by_operation": {"triggerBoltRun": 1},
        "fields_by_operation": {"triggerBoltRun": 1},
    }
    assert [(each["kind"], each["status"]) for each in state["faults"]] == [("status", 502)]
    assert state["settings"]["speed"] == 1.0
    assert (await served.client.delete("/control/bolt/faults")).json() == {"faults": []}


async def test_calls(served: Served) -> None:
    """Requests can be read starting from a given one."""
    await served.trigger("nightly")
    await served.trigger("hourly")
    calls = (await served.client.get("/control/bolt/calls", params={"after": "1"})).json()
    assert calls["total"] == 2
    assert [each["operations"] for each in calls["calls"]] == [["triggerBoltRun"]]


async def test_counts_of_requests(served: Served) -> None:
    """Requests are counted by operation and by field (each alias counts), without being listed."""
    run_id = await served.trigger("nightly")
    await served.ask(
        f"query {{ a: boltRunStatus(runId: {run_id}) {{ state }} b: boltRunStatus(runId: {run_id}) {{ state }} }}"
    )
    assert (await served.client.get("/control/bolt/requests")).json() == {
        "total": 2,
        "by_operation": {"triggerBoltRun": 1, "boltRunStatus": 1},
        "fields_by_operation": {"triggerBoltRun": 1, "boltRunStatus": 2},
    }


async def test_a_webhook_is_posted(served: Served, receiver: Receiver) -> None:
    """A webhook contains the run's commands so far, but not the run's id."""
    run_id = await served.trigger("nightly")
    served.clock.pass_s(30)
    posted = {"run_id": run_id, "url": receiver.url, "secret": "a-secret-of-16-chars", "event": "bolt.run.started"}
    assert await control(served, "webhooks", posted) == {"status": 202}
    (post,) = receiver.posts
    assert post.headers["X-Webhook-Secret"] == "a-secret-of-16-chars"
    body = json.loads(post.body)
    assert body["event"] == "bolt.run.started"
    assert [(each["id"], each["command"]) for each in body["commands"]] == [
        (each.id, each.step.command) for each in served.world.view(run_id).commands
    ]
    assert str(run_id) not in post.body


async def test_a_webhook_can_be_signed(served: Served, receiver: Receiver) -> None:
    """A webhook is signed as Standard Webhooks specifies; another secret doesn't verify it."""
    run_id = await served.trigger("nightly")
    secret, other = (f"whsec_{base64.b64encode(word).decode()}" for word in (b"one of the secrets", b"another of them"))
    await control(served, "webhooks", {"run_id": run_id, "url": receiver.url, "secret": secret})
    (post,) = receiver.posts
    assert Webhook(secret).verify(post.body, post.headers)["event"] == "bolt.run.completed"
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(post.body, post.headers)


async def test_a_new_schedule(served: Served) -> None:
    """A schedule can be added; its slug is made from its name if none is given."""
    made = await control(served, "schedules", {"name": "My new one!", "commands": ["dbt run"]})
    assert (made["slug"], made["commands"]) == ("my-new-one", ["dbt run"])
    assert await served.trigger("my-new-one")
    more = {"cron": "0 2 * * *", "owner": "ada@example.com", "suspended": True, "active": False}
    made = await control(served, "schedules", {"name": "Old", "commands": ["dbt run"], **more})
    assert (made["schedule"], made["owner"], made["suspended"]) == ("0 2 * * *", "ada@example.com", True)
    assert [each.slug for each in served.world.schedules(active=False)][-1] == "old"


async def test_a_schedule_that_runs_once_at_a_time(served: Served) -> None:
    """A second run of it is refused while the first one goes on."""
    await control(served, "schedules", {"name": "Alone", "commands": ["sleep 60"], "exclusive": True})
    assert await served.trigger("alone")
    error = await served.refused('mutation { triggerBoltRun(slug: "alone") { runId } }')
    assert "AlreadyRunningException" in str(error)


async def test_settings(served: Served) -> None:
    """Settings are changed one by one."""
    changed = await control(served, "settings", {"speed": 20, "cancel_finished": "ok", "open_end": None})
    assert changed == {
        "speed": 20.0,
        "cancel_finished": "ok",
        "open_end": None,
        "invalid_status": 400,
        "url_lives_s": 60.0,
        "tells_date": True,
        "retries_end": "own",
        "schedules_late_s": 0.0,
        "runs_late_s": 0.0,
        "out_of_order": False,
        "last_run": "newest",
    }


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("runs", {}, 400),
        ("runs", {"slug": "no-such"}, 409),
        ("runs", {"slug": "already-running"}, 409),
        ("runs", {"slug": "nightly", "commands": "dbt"}, 400),
        ("runs", {"slug": "nightly", "pull_request": "x"}, 400),
        ("runs/7/end", {"state": "SUCCESS"}, 409),
        ("runs/7/cancel", {}, 409),
        ("schedules", {"name": "x"}, 400),
        ("schedules", {"name": "x", "commands": ["dbt run"], "suspended": "no"}, 400),
        ("faults", {"kind": "rain"}, 400),
        ("settings", {"speed": 0}, 400),
        ("settings", {"cancel_finished": "maybe"}, 400),
        ("settings", {"invalid_status": 418}, 400),
        ("settings", {"url_lives_s": 0}, 400),
        ("settings", [], 400),
        ("webhooks", {}, 400),
        ("webhooks", {"run_id": 7}, 400),
        ("webhooks", {"run_id": 7, "url": "http://192.0.2.1/hook"}, 400),
        ("webhooks", {"run_id": 7, "url": "http://127.0.0.1:1/hook", "event": "rain"}, 400),
        ("webhooks", {"run_id": 7, "url": "http://127.0.0.1:1/hook"}, 409),
    ],
)
async def test_control_calls_that_are_refused(served: Served, path: str, body: object, status: int) -> None:
    """An invalid call gets 400, and a call that Bolt would refuse gets 409, both with a sentence."""
    response = await served.client.post(f"/control/bolt/{path}", json=body)
    assert response.status_code == status
    assert response.json()["error"]


async def test_only_json_is_taken(served: Served) -> None:
    """A form on some web page can't use the control API, which accepts only JSON."""
    response = await served.client.post("/control/bolt/faults", content=b'{"kind": "away"}')
    assert response.status_code == 415
    assert (await served.client.get("/control/bolt")).text.startswith("The control API")


@pytest.mark.parametrize(
    "body", ['{"kind": "slow", "latency_s": NaN}', '{"kind": "slow", "latency_s": 1e400}', "[]", "["]
)
async def test_numbers_that_are_none_change_nothing(served: Served, body: str) -> None:
    """Bodies with NaN or infinity, which JSON can't express, and bodies that aren't objects are refused."""
    headers = {"Content-Type": "application/json"}
    response = await served.client.post("/control/bolt/faults", content=body, headers=headers)
    assert response.status_code == 400
    state = await served.client.get("/control/bolt/state")
    assert state.json()["faults"] == []
