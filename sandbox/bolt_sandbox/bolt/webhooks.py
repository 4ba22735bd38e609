"""Webhooks of the sandbox's Bolt: only the publicly known parts of the payload, and only posted to this machine.

As far as is publicly known, the payload has no run id, only the ids of the run's commands.
"""

from __future__ import annotations

import ipaddress
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from standardwebhooks import Webhook

from bolt_sandbox.bolt.run_state import CommandView, resources
from bolt_sandbox.bolt.world import BoltWorld

EVENTS = ("bolt.run.started", "bolt.run.completed")
SIGNING_PREFIX = "whsec_"
POST_S = 10.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a webhook. A secret of the form whsec_… signs it; any other secret is sent in a header."""

    url: str
    secret: str = ""

    def __post_init__(self) -> None:
        """Refuse another machine's address. Raises ValueError."""
        host = urlsplit(self.url).hostname or ""
        try:
            is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            is_here = False
        if not is_here:
            raise ValueError("url is an address of this machine")


def payload(world: BoltWorld, run_id: int, event: str) -> Json:
    """Build the payload for a run. Raises Refused if there's no such run."""
    view = world.view(run_id)
    commands = [
        {
            "id": each.id,
            "command": each.step.command,
            "status": _status(each),
            "return_code": each.return_code,
            "start_dttm": each.started_at.isoformat(),
            "end_dttm": each.ended_at.isoformat() if each.ended_at else None,
            "api_query": f"query {{ boltCommand(commandId: {each.id}) {{ stdout }} }}",
            "json_resources": [
                {
                    "id": one.id,
                    "path": one.path,
                    "resource_query": f"query {{ boltResourceUrl(resourceId: {one.id}) {{ url }} }}",
                }
                for one in resources(view, each)
            ],
        }
        for each in view.commands
    ]
    return {"event": event, "api_url": "/bolt/graphql", "commands": commands}


def _status(command: CommandView) -> str:
    if command.return_code is None:
        return "running"
    return "succeeded" if command.return_code == 0 else "failed"


async def send(target: Target, body: bytes, *, at: datetime | None = None) -> int:
    """Post a webhook. Returns the response's status. Raises aiohttp.ClientError."""
    timeout = aiohttp.ClientTimeout(total=POST_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.post(target.url, data=body, headers=headers(target, body, at or datetime.now(UTC))) as answer,
    ):
        return answer.status


def headers(target: Target, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers of a post: the content type, and the secret or signature."""
    found = {"Content-Type": "application/json"}
    if target.secret.startswith(SIGNING_PREFIX):
        name = f"msg_{uuid.uuid4().hex}"
        signature = Webhook(target.secret).sign(name, at, body.decode())
        return found | {
            "webhook-id": name,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
    return found | ({"X-Webhook-Secret": target.secret} if target.secret else {})
