"""A GraphQL endpoint on a real socket that answers as a test says, and keeps the requests."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from aiohttp import web

from bot.paradime.client import BoltClient, ClientLimits
from bot.paradime.credentials import Credentials
from bot.paradime.retrying import RetryLimits

Json = dict[str, Any]

# Plain HTTP only: loading the certificates takes longer than most tests.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CREDENTIALS = Credentials("a-secret", "a-key")
# The limits of the real client, without its waits. Only tests of timeouts shorten them, as a busy machine is slow.
QUICK = ClientLimits(timeout_s=20, retry=RetryLimits(attempts=3, for_s=60, first_wait_s=0.001))
ALIAS = re.compile(r"r(\d+): boltRunStatus\(runId: (\d+)\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the server saw it."""

    query: str
    variables: Json
    headers: dict[str, str]

    @property
    def run_ids(self) -> list[int]:
        """The runs that a poll asked for."""
        return [int(run_id) for _alias, run_id in ALIAS.findall(self.query)]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer from the server. A body that isn't bytes is sent as JSON."""

    body: object
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """The answer as aiohttp sends it."""
        if isinstance(self.body, bytes):
            return web.Response(body=self.body, status=self.status, headers=self.headers)
        return web.json_response(self.body, status=self.status, headers=self.headers)


class Drop(Exception):  # noqa: N818 - not an error, but the lack of an answer
    """Reset the connection without an answer."""


@dataclass
class Api:
    """The server: `answer` decides on each request; `say` sets answers in order, and the last one is repeated."""

    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[Asked], Answer] = lambda _asked: Answer({"data": {}})
    url: str = ""

    def say(self, *answers: Answer | type[Drop]) -> None:
        """Give these answers in turn, and repeat the last one."""
        waiting = list(answers)

        def next_one(_asked: Asked) -> Answer:
            one = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            if not isinstance(one, Answer):
                raise one
            return one

        self.answer = next_one

    def data(self, **data: object) -> None:
        """Answer with this data."""
        self.say(Answer({"data": data}))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Handle POST /graphql."""
        body = json.loads(await request.read())
        asked = Asked(body["query"], body["variables"], dict(request.headers))
        self.asked.append(asked)
        try:
            return self.answer(asked).response()
        except Drop:
            assert request.transport
            request.transport.abort()
            return web.Response()


def errors(*messages: str, status: int = 200, **entry: object) -> Answer:
    """An answer with only errors; `entry` has the fields that each error has besides its message."""
    return Answer({"errors": [{"message": message, **entry} for message in messages]}, status)


def client_of(url: str, limits: ClientLimits = QUICK, credentials: Credentials = CREDENTIALS) -> BoltClient:
    """A client of an endpoint on loopback."""
    return BoltClient(url, credentials, limits, transport=httpx.AsyncHTTPTransport(verify=NO_TLS))
