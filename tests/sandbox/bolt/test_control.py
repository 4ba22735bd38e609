"""The control API, over a socket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.bolt.conftest import Served


async def control(served: Served, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer of a control call that succeeds."""
    response = await served.client.post(f"/control/bolt/{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_run_that_somebody_starts_in_bolt(served: Served) -> None:
    """A run can be started, cancelled and ended by others than the API key."""
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
    """The requests can be read from a given one on."""
    await served.trigger("nightly")
    await served.trigger("hourly")
    calls = (await served.client.get("/control/bolt/calls", params={"after": "1"})).json()
    assert calls["total"] == 2
    assert [each["operations"] for each in calls["calls"]] == [["triggerBoltRun"]]


async def test_a_new_schedule(served: Served) -> None:
    """A schedule can be added; its slug is made of its name where none is given."""
    made = await control(served, "schedules", {"name": "My new one!", "commands": ["dbt run"]})
    assert (made["slug"], made["commands"]) == ("my-new-one", ["dbt run"])
    assert await served.trigger("my-new-one")


async def test_settings(served: Served) -> None:
    """Settings are changed one by one."""
    changed = await control(served, "settings", {"speed": 20, "cancel_finished": "ok", "open_end": None})
    assert changed == {"speed": 20.0, "cancel_finished": "ok", "open_end": None, "invalid_status": 400}


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
        ("faults", {"kind": "rain"}, 400),
        ("settings", {"speed": 0}, 400),
        ("settings", {"cancel_finished": "maybe"}, 400),
        ("settings", {"invalid_status": 418}, 400),
        ("settings", [], 400),
    ],
)
async def test_control_calls_that_are_refused(served: Served, path: str, body: object, status: int) -> None:
    """A call that is not understood is 400, one that Bolt would refuse is 409, both with a sentence."""
    response = await served.client.post(f"/control/bolt/{path}", json=body)
    assert response.status_code == status
    assert response.json()["error"]


async def test_only_json_is_taken(served: Served) -> None:
    """A form of a web page elsewhere is refused."""
    response = await served.client.post("/control/bolt/faults", content=b'{"kind": "away"}')
    assert response.status_code == 415
    assert (await served.client.get("/control/bolt")).text.startswith("The control API")
