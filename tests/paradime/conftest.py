"""A server with answers set by the test, a client of it, and a client of the sandbox's Bolt API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web

from bolt_sandbox.bolt import BoltWorld, CallRecord, add_routes
from bot.paradime.client import BoltClient
from bot.paradime.credentials import Credentials
from tests.paradime.api import Api, client_of


@dataclass(frozen=True, slots=True)
class Backend:
    """The sandbox's Bolt API, a client for it, and the requests that it saw."""

    world: BoltWorld
    url: str
    client: BoltClient
    records: list[CallRecord]

    def asked(self, operation: str) -> int:
        """How many requests asked for this field of Query or Mutation."""
        return sum(operation in record.operations for record in self.records)


async def _serve(app: web.Application) -> tuple[web.AppRunner, str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def api() -> AsyncIterator[Api]:
    """The server alone."""
    served, app = Api(), web.Application()
    app.router.add_post("/graphql", served.handle)
    runner, url = await _serve(app)
    served.url = f"{url}/graphql"
    yield served
    await runner.cleanup()


@pytest.fixture
async def client(api: Api) -> AsyncIterator[BoltClient]:
    """A client of that server."""
    made = client_of(api.url)
    yield made
    await made.aclose()


@pytest.fixture
async def backend() -> AsyncIterator[Backend]:
    """The sandbox's Bolt API, and a client for it."""
    world, records, app = BoltWorld(), list[CallRecord](), web.Application()
    world.on_call = records.append
    add_routes(app, world)
    runner, url = await _serve(app)
    url = f"{url}/bolt/graphql"
    made = client_of(url, credentials=Credentials("sandbox", "sandbox"))
    yield Backend(world, url, made, records)
    await made.aclose()
    await runner.cleanup()
