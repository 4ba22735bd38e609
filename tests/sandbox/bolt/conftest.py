"""A Bolt API on a real socket, with a clock that the tests set."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from aiohttp import web

from bolt_sandbox.bolt import BoltWorld, CallRecord, add_routes
from tests.waiting import PATIENCE_S

Json = dict[str, Any]
# Plain HTTP only: loading the certificates takes longer than most tests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
KEY = {"X-API-KEY": "sandbox", "X-API-SECRET": "sandbox"}


class Clock:
    """A time that moves only when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 21, 5, 0, 250_000, UTC)

    def __call__(self) -> datetime:
        """The time."""
        return self.now

    def pass_s(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class Served:
    """A world that's served, its clock, a client that knows its address, the recorded requests, and its sleeps."""

    world: BoltWorld
    clock: Clock
    client: httpx.AsyncClient
    records: list[CallRecord]
    slept: list[float] = field(default_factory=list)

    async def post(self, query: str, variables: Json | None = None, headers: Json | None = None) -> httpx.Response:
        """Send a request."""
        body = {"query": query, "variables": variables or {}}
        return await self.client.post("/bolt/graphql", json=body, headers=KEY if headers is None else headers)

    async def answer(self, query: str, variables: Json | None = None) -> Json:
        """The whole body of a request that was answered with 200."""
        response = await self.post(query, variables)
        assert response.status_code == 200, response.text
        body: Json = response.json()
        return body

    async def ask(self, query: str, variables: Json | None = None) -> Json:
        """The data of a request without errors."""
        body = await self.answer(query, variables)
        assert "errors" not in body, body
        data: Json = body["data"]
        return data

    async def refused(self, query: str, variables: Json | None = None) -> Json:
        """The only error of a request; it has a path."""
        body = await self.answer(query, variables)
        (error,) = body["errors"]
        assert error["path"]
        found: Json = error
        return found

    async def trigger(self, slug: str, **variables: object) -> int:
        """Start a run."""
        query = (
            "mutation ($slug: String, $commands: [String!], $branch: String, $prNumber: Int, $reason: String,"
            " $configs: [BoltCommandInput!], $go: Boolean) { triggerBoltRun(slug: $slug, commands: $commands,"
            " branch: $branch, prNumber: $prNumber, reason: $reason, commandConfigs: $configs, continueOnError: $go)"
            " { ok runId } }"
        )
        data = await self.ask(query, {"slug": slug, **variables})
        run_id: int = data["triggerBoltRun"]["runId"]
        return run_id

    async def status(self, run_id: int) -> Json:
        """A run's state and commands, without their logs."""
        query = (
            "query ($id: Int!) { boltRunStatus(runId: $id)"
            " { state commands { id command startDttm endDttm returnCode scheduleRunId resources { id path } } } }"
        )
        found: Json = (await self.ask(query, {"id": run_id}))["boltRunStatus"]
        return found


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    """A world served on the loopback interface."""
    clock, records, slept = Clock(), list[CallRecord](), list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asyncio.sleep(0)

    world = BoltWorld(clock, sleep=sleep)
    world.on_call = records.append
    app = web.Application()
    add_routes(app, world)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with httpx.AsyncClient(base_url=base_url, timeout=PATIENCE_S, trust_env=False, verify=NO_TLS) as client:
        yield Served(world, clock, client, records, slept)
    await runner.cleanup()
