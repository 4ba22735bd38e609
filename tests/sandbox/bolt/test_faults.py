"""Faults that can be injected, tested over a socket."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from bolt_sandbox.bolt import Fault
from bolt_sandbox.bolt.faults import fault_from_json
from tests.sandbox.bolt.conftest import KEY, Served

READ = '{ boltScheduleName(slug: "nightly") { ok } }'
WRITE = 'mutation { triggerBoltRun(slug: "nightly") { runId } }'


async def test_a_status(served: Served) -> None:
    """The first `count` requests get the status, and later ones are answered normally."""
    served.world.add_fault(Fault("status", count=2, status=502))
    assert [(await served.post(READ)).status_code for _ in range(3)] == [502, 502, 200]


async def test_a_rate_limit(served: Served) -> None:
    """429 comes with Retry-After if that's set, and only for the fault's operation."""
    served.world.add_fault(Fault("status", status=429, retry_after_s=7, operation="triggerBoltRun"))
    assert (await served.post(READ)).status_code == 200
    before = len(served.world.runs())
    response = await served.post(WRITE)
    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")
    assert len(served.world.runs()) == before


async def test_a_lost_reply(served: Served) -> None:
    """A connection that drops after the work is done leaves a run that the caller never heard of."""
    served.world.add_fault(Fault("drop_after"))
    before = len(served.world.runs())
    with pytest.raises(httpx.TransportError):
        await served.post(WRITE)
    assert len(served.world.runs()) == before + 1
    assert served.records[-1].status is None


async def test_a_status_after_the_work(served: Served) -> None:
    """A gateway's error may hide that the work was done."""
    served.world.add_fault(Fault("status", status=504, executes=True))
    before = len(served.world.runs())
    assert (await served.post(WRITE)).status_code == 504
    assert len(served.world.runs()) == before + 1


async def test_away(served: Served) -> None:
    """While Bolt is away, each connection is closed unread, until the fault is cleared."""
    served.world.add_fault(Fault("away", count=None))
    before = len(served.world.runs())
    for _ in range(3):
        with pytest.raises(httpx.TransportError):
            await served.post(WRITE)
    served.world.faults.clear()
    assert (await served.post(READ)).status_code == 200
    assert len(served.world.runs()) == before


async def test_no_answer(served: Served) -> None:
    """A request that's never answered times out at the client, and is executed only if the fault says so."""
    before = len(served.world.runs())
    for executes in (False, True):
        served.world.add_fault(Fault("timeout", executes=executes))
        body = {"query": WRITE}
        with pytest.raises(httpx.ReadTimeout):
            await served.client.post("/bolt/graphql", json=body, headers=KEY, timeout=0.2)
        assert len(served.world.runs()) == before + int(executes)


async def test_an_answer_that_is_held(served: Served) -> None:
    """A request that is held for a time is answered afterward."""
    served.world.add_fault(Fault("timeout", hold_s=30))
    assert (await served.post(WRITE)).json()["data"]["triggerBoltRun"]["runId"]
    assert served.slept == [30]


async def test_slowness(served: Served) -> None:
    """Latency is added to each request, and other faults apply as well."""
    served.world.add_fault(Fault("slow", count=None, latency_s=2.5))
    served.world.add_fault(Fault("status", status=500))
    assert [(await served.post(READ)).status_code for _ in range(2)] == [500, 200]
    assert served.slept == [2.5, 2.5]


async def test_bodies_that_are_no_answer(served: Served) -> None:
    """A proxy's page, an object with neither data nor errors, and an error without a path, all with 200."""
    for kind in ("not_json", "no_data", "graphql_error"):
        served.world.add_fault(fault_from_json({"kind": kind, "message": "internal"}))
    page, nothing, error = [await served.post(READ) for _ in range(3)]
    assert {page.status_code, nothing.status_code, error.status_code} == {200}
    assert page.headers["Content-Type"].startswith("text/html")
    assert nothing.json() == {}
    assert error.json() == {"errors": [{"message": "internal"}], "data": None}


async def test_too_large(served: Served) -> None:
    """A query for more fields than allowed is refused with 400 and errors; a smaller one isn't."""
    served.world.add_fault(Fault("too_large", count=None, most=2))
    run_id = served.world.start("nightly").id

    def batch(size: int) -> str:
        return "{" + " ".join(f"r{n}: boltRunStatus(runId: {run_id}) {{ state }}" for n in range(size)) + "}"

    assert len(await served.ask(batch(2))) == 2
    response = await served.post(batch(3))
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_lost_run(served: Served) -> None:
    """A run that Bolt no longer has gives an error with a path; other runs are found."""
    lost, other = served.world.start("nightly").id, served.world.start("nightly").id
    served.world.add_fault(Fault("lost_run", run_id=lost, count=1))
    assert (await served.ask(f"{{ boltRunStatus(runId: {other}) {{ state }} }}"))["boltRunStatus"]
    error = await served.refused(f"{{ a: boltRunStatus(runId: {lost}) {{ state }} }}")
    assert error["path"] == ["a"]
    assert (await served.ask(f"{{ boltRunStatus(runId: {lost}) {{ state }} }}"))["boltRunStatus"]


async def test_an_old_backend(served: Served) -> None:
    """An old backend knows neither `slug` nor the newer fields, rejects such queries, and serves the older ones."""
    served.world.add_fault(Fault("old_backend", count=None))
    before = len(served.world.runs())
    response = await served.post(WRITE)
    assert response.status_code == 400
    assert "Unknown argument 'slug'" in response.json()["errors"][0]["message"]
    assert len(served.world.runs()) == before
    page = "listBoltSchedules(offset: 0, limit: 9, showInactive: false)"
    for name in (
        "slug",
        "suspended",
        "notifications { slackNotifications { channel } }",
        "turboCi { deferEnvironmentSlug }",
    ):
        assert (await served.post(f"{{ {page} {{ schedules {{ {name} }} }} }}")).status_code == 400
    await served.ask(f"{{ {page} {{ schedules {{ name commands turboCi {{ enabled }} }} }} }}")
    assert (await served.ask('mutation { triggerBoltRun(scheduleName: "nightly") { runId } }'))["triggerBoltRun"]


async def test_a_backend_that_lacks_something_else(served: Served) -> None:
    """A test can choose which parts a backend lacks, down to an argument."""
    served.world.add_fault(Fault("old_backend", count=None, lacks=("Mutation.triggerBoltRun.reason",)))
    assert (await served.post('mutation { triggerBoltRun(slug: "nightly", reason: "x") { runId } }')).status_code == 400
    assert (await served.post(WRITE)).status_code == 200


async def test_faults_in_parallel(served: Served) -> None:
    """A fault's count is exact even if requests come in parallel."""
    served.world.add_fault(Fault("status", count=3))
    answers = await asyncio.gather(*(served.post(READ) for _ in range(8)))
    assert sorted(each.status_code for each in answers) == [200] * 5 + [503] * 3


def test_a_fault_from_json() -> None:
    """The status can be part of the kind."""
    fault = fault_from_json({"kind": "status:429", "count": None, "retry_after_s": 3})
    assert (fault.status, fault.count, fault.retry_after_s) == (429, None, 3)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "rain"},
        {"kind": "slow", "count": 0},
        {"kind": "slow", "latency_s": "long"},
        {"kind": "slow", "most": True},
        {"kind": "slow", "color": 1},
        {"kind": "status:bad"},
    ],
)
def test_a_fault_that_is_not_one(body: dict[str, object]) -> None:
    """An invalid fault is refused."""
    with pytest.raises(ValueError, match=r"."):
        fault_from_json(body)
