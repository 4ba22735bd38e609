"""Reading run and command ids from a webhook's body. Nothing else in it is used.

Only `commands[].id` of the payload is documented. Any key whose name says it's a run id counts as one.

`bot.web.webhooks` checks the secret first; `bot.flows.webhook_hints` decides what to poll.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

RUN_KEYS = frozenset({"runid", "schedulerunid", "boltrunid"})
DEEPEST = 6
MOST_NODES = 5_000
MOST_RUNS = 20
# The largest value of GraphQL's Int.
LARGEST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """Ids of runs, or of one command if no run is named. All ids are positive and unique."""

    runs: tuple[int, ...] = ()
    command: int | None = None


def read_hint(body: object) -> WebhookHint:
    """Read the ids in a webhook's body. The hint is empty if there are none."""
    runs = list(dict.fromkeys(_run_ids(body)))[:MOST_RUNS]
    if runs:
        return WebhookHint(tuple(runs))
    # All commands belong to one run. The first one is also in every later webhook of that run, so it's looked up only
    # once.
    commands = body.get("commands") if isinstance(body, dict) else None
    ids = (
        [_id(one.get("id")) for one in commands[:MOST_NODES] if isinstance(one, dict)]
        if isinstance(commands, list)
        else []
    )
    known = [one for one in ids if one is not None]
    return WebhookHint(command=min(known)) if known else WebhookHint()


def _run_ids(body: object) -> Iterator[int]:
    """Search breadth-first, within bounds: the body is untrusted until Bolt confirms it."""
    level, seen = [body], 0
    for _ in range(DEEPEST):
        below: list[object] = []
        for node in level:
            seen += 1
            if seen > MOST_NODES:
                return
            if isinstance(node, dict):
                yield from (
                    found for key, value in node.items() if _names_run(key) and (found := _id(value)) is not None
                )
                below += node.values()
            elif isinstance(node, list):
                below += node
        level = below


def _names_run(key: object) -> bool:
    return isinstance(key, str) and key.replace("_", "").lower() in RUN_KEYS


def _id(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= LARGEST_ID else None
