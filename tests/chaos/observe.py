"""Turns everything visible in a stage into plain data."""

from __future__ import annotations

import dataclasses
import json
import re
import time
from collections.abc import Iterator
from typing import Any

from bolt_sandbox.slack.model import Message
from tests.chaos.seen import Card, Command, Left, Pressed, Reply, RunSeen, Seen, Told, Wish
from tests.chaos.stage import Stage, run_ids
from tests.chaos.watch_checks import stays, waits_for_channel
from tests.chaos.watching import is_notice, look_at_watches, shown, unaccounted

PREFIX = "{bolt:bolt}:"
SETS = ("due:*", "posts:*", "edits:*")
# Log files: an interrupted upload is resumed after a minute.
LOGS = "posts:log:"
RETRIED = re.compile(r"/run_id/(\d+)\|Retry of run")
OPEN_STATES = ("looking", "unclear")

Json = dict[str, Any]


async def look(stage: Stage, *, patient: bool) -> Seen:
    """Everything except logs and exits, which exist only after the processes have ended."""
    left = await left_over(stage)
    return Seen(
        commands=tuple(_with_told(stage)),
        runs=tuple(_runs(stage)),
        cards=tuple(_card(stage, message) for message in stage.cards() if not is_notice(message)),
        told=tuple(_told(stage)),
        struck=tuple(stage.striker.struck),
        upsets=tuple(
            sorted(
                (*stage.store.away, *stage.stalls, *(one for each in stage.replicas for one in each.upsets)),
                key=lambda one: one.since,
            )
        ),
        left=tuple(left),
        wishes=tuple(_wishes(stage)),
        presses=tuple(_presses(stage)),
        unclear=await _unclear(stage),
        texts=tuple(_texts(stage)),
        secrets=stage.secrets(),
        watched=await look_at_watches(stage),
        patient=patient,
    )


async def left_over(stage: Stage) -> list[Left]:
    """The members of due sets and lanes."""
    client = stage.store.client()
    try:
        keys = [str(key) for pattern in SETS async for key in client.scan_iter(match=f"{_escaped(PREFIX)}{pattern}")]
        left: list[Left] = []
        for key in sorted(keys):
            set_name = key.removeprefix(PREFIX)
            # A lane's own set may still name channels in which nothing is waiting.
            if set_name.startswith("due:") or set_name.count(":") == 2:
                left += [
                    await _left(client, set_name, *row) for row in await client.zrange(key, 0, -1, withscores=True)
                ]
    finally:
        await client.aclose()
    return left + await unaccounted(stage)


async def _left(client: Any, set_name: str, member: str, score: float) -> Left:  # noqa: ANN401 - the client's replies have no types
    due_in = score / 1e6 - time.time()
    if set_name != "due:requests":
        return Left(set_name, member, due_in)
    return Left(set_name, member, due_in, await client.hget(f"{PREFIX}req:{member}", "state") or "gone")


def _escaped(prefix: str) -> str:
    return prefix.replace("{", "\\{").replace("}", "\\}")


async def _unclear(stage: Stage) -> dict[str, float | None]:
    """The requests whose runs are unclear or being looked for, with the time of sending."""
    client = stage.store.client()
    found: dict[str, float | None] = {}
    try:
        waiting = [pressed.request for pressed, _ in stage.pressed if pressed.request]
        for request in (*(command.request for command in stage.commands), *waiting):
            state, sending = await client.hmget(f"{PREFIX}req:{request}", "state", "sending_us")
            if state in OPEN_STATES:
                found[request] = float(sending) / 1e6 if sending else None
    finally:
        await client.aclose()
    return found


def waits_for(stage: Stage, left: list[Left], *, patient: bool) -> str:
    """The kind of work that isn't finished, or "" if all runs are over and everything left may wait for a long time."""
    bolt, runs = stage.sandbox.bolt, list(_runs(stage))
    ours = {*(one.slug for one in stage.plan.timetables), *stage.plan.watched.slugs, stage.plan.watched.newcomer}
    if any(bolt.view(run.id).ended_at is None for run in bolt.runs() if run.id > stage.history and run.slug in ours):
        return "runs"
    if stage.sandbox.slack.delivery.busy:
        return "events"
    left = [one for one in left if not waits_for_channel(stage.absences, one)]
    started = {run.reason.partition(" - ")[0] for run in runs}
    waiting = {command.request for command in stage.commands if command.reason not in started}
    waiting |= {one.member for one in left if one.state == "looking"} - {command.request for command in stage.commands}
    return next((one.set_name for one in left if not _may_wait(one, waiting, patient=patient)), "")


def _may_wait(left: Left, waiting: set[str], *, patient: bool) -> bool:
    if left.state == "unclear" or stays(left):
        return True
    return not patient and (
        (left.set_name.startswith(LOGS) and left.due_in > 0) or (left.state == "looking" and left.member in waiting)
    )


def _with_told(stage: Stage) -> Iterator[Command]:
    for command in sorted(stage.commands, key=lambda one: one.number):
        told = stage.told.get(stage.tokens[command.number], [])
        yield dataclasses.replace(command, told=tuple(told))


def _runs(stage: Stage) -> Iterator[RunSeen]:
    """The runs that the replicas have started."""
    bolt = stage.sandbox.bolt
    for run in reversed(bolt.runs()):
        # Retries belong to incidents.
        if run.id > stage.history and run.actor.name == "API key chaos" and run.parent_id is None:
            view = bolt.view(run.id)
            ended = stage.our_time(view.ended_at.timestamp()) if view.ended_at else None
            began = stage.our_time(run.created_at.timestamp())
            yield RunSeen(run.id, run.reason or "", began, view.state, ended)


def _card(stage: Stage, message: Message) -> Card:
    replies = stage.sandbox.workspace.channel(message.channel).replies(message.ts)
    return Card(
        message.channel,
        message.ts,
        _key(message),
        shown(message),
        _own_runs(message),
        tuple(Reply(_key(one), shown(one), float(one.ts)) for one in replies),
    )


def _own_runs(message: Message) -> tuple[int, ...]:
    """The runs that a card shows, without the one that it links as retried."""
    retried = {int(run) for run in RETRIED.findall(message.text)}
    return tuple(run for run in run_ids(message) if run not in retried)


def _key(message: Message) -> str:
    return str(((message.metadata or {}).get("event_payload") or {}).get("key", ""))


def _told(stage: Stage) -> Iterator[Told]:
    """The ephemeral and direct messages to people."""
    ws = stage.sandbox.workspace
    for private in ws.privates:
        if private.ts not in stage.private_by_url and private.via not in {"ack", "slack"}:
            yield Told(private.user, private.text)
    for channel in ws.channels.values():
        if channel.kind == "im":
            person = next(one for one in channel.members if one != ws.bot.id)
            for message in channel.messages.values():
                yield Told(person, message.text)


def _wishes(stage: Stage) -> Iterator[Wish]:
    for clicked in stage.clicked:
        yield Wish(
            run=clicked.run,
            user=clicked.user,
            at=clicked.at,
            acknowledged=clicked.acknowledged,
            asked=clicked.run in stage.striker.cancelled,
            answers=tuple(stage.told.get(clicked.token, [])),
        )


def _presses(stage: Stage) -> Iterator[Pressed]:
    # When a button is pressed, its command may not have been answered yet.
    reasons = {command.request: command.reason for command in stage.commands}
    for pressed, token in stage.pressed:
        answers = tuple(stage.told.get(token, []))
        yield dataclasses.replace(pressed, reason=reasons.get(pressed.refused, ""), answers=answers)


def _texts(stage: Stage) -> Iterator[tuple[str, str]]:
    """Everything that anyone can read: messages with their earlier versions, private answers and files."""
    ws = stage.sandbox.workspace
    for channel in ws.channels.values():
        for message in channel.messages.values():
            where = f"message {channel.name or 'dm'} {message.ts}"
            yield where, message.text + json.dumps(message.blocks)
            for version in message.earlier:
                yield f"{where}, earlier", version.text + json.dumps(version.blocks)
    for private in ws.privates:
        yield f"private {private.ts}", private.text + json.dumps(private.blocks)
        for version in private.earlier:
            yield f"private {private.ts}, earlier", version.text + json.dumps(version.blocks)
    for file in ws.files.values():
        yield f"file {file.id}", f"{file.name} {file.title} {(file.content or b'').decode(errors='replace')}"
