"""Start requests: one hash each, keyed by the delivery that asked for it.

The script `accept_start.lua` decides whether a start is a repetition, and `begin_sending.lua` decides whether it may
still be sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.model.admission import Limits
from bot.core.model.command import StartCommand
from bot.core.model.request import (
    Approval,
    BlockingRun,
    Origin,
    Request,
    RequestState,
    Rival,
    StartPlan,
    branch_of_start,
    run_facts,
)
from bot.core.model.run import CardRef, Observation, Retried, RunKey
from bot.core.model.same_start import same_keys
from bot.core.model.start import Accepted, Decided, NewRequest, Sending
from bot.flows.lease import Lease
from bot.store.due_sets import MICROSECONDS, from_microseconds, microseconds
from bot.store.record_json import from_json, keep_stored_names, to_json
from bot.store.runs import creation_args
from bot.store.scripts import Scripts

# A start whose reply was lost keeps its schedule's lock until its run has been searched for once.
SEARCH_LOCK_S = 45.0
# Must match accept_start.lua.
SAME_KEPT_S = 7200


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """The fields of a request that never change.

    A replica of a version that has no retries yet fails to parse one, because a RetryCommand has no `schedule`, the
    stored name of `schedule_text`. Failing is better than starting the whole schedule.
    """

    team: str
    channel: str
    user: str
    user_name: str
    start_command: StartCommand
    response_url: str = field(default="", repr=False)
    thread: str = ""
    direct: bool = False
    origin: Origin | None = None
    incident: str = ""


# Scripts and other versions read it under this name.
keep_stored_names(StoredRequest, {"start_command": "wanted"})


@dataclass(frozen=True, slots=True)
class StoredNearNames:
    """The slugs that a mistyped name may have meant."""

    slugs: tuple[str, ...] = ()


class StartRequests:
    """Implements the flows' `Requests` port."""

    def __init__(self, scripts: Scripts, limits: Limits) -> None:
        self._scripts = scripts
        self._limits = limits

    async def accept(self, new_request: NewRequest) -> Accepted:
        """Record a start, or find the existing one, in one script."""
        limits = self._limits
        body = stored_request(new_request)
        word, request_id, asked_us = await self._scripts.run(
            "accept_start",
            new_request.id,
            ",".join(same_keys(new_request.user, new_request.channel, new_request.start_command, new_request.slug)),
            int(new_request.force),
            microseconds(limits.ask_again_s),
            limits.waiting,
            limits.waiting_in_channel,
            new_request.channel,
            to_json(body),
            microseconds(limits.deadline_s),
        )
        return Accepted(word, request_id, from_microseconds(asked_us))

    async def load_request(self, request_id: str) -> Request | None:
        """Load a request. Returns None if it isn't stored."""
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("req", request_id)))
        return read_request(request_id, record) if record.get("body") else None

    async def looked(self, lease: Lease, request: Request, plan: StartPlan) -> bool:
        """Record the schedule that was found, and queue the start's card, or its line in an incident's message."""
        fields = {"look": to_json(plan), **_incident(request)}
        await self._found(request, plan)
        return await self._step(lease, request, RequestState.LOOKED, "post", fields=fields)

    async def pending(self, lease: Lease, request: Request, plan: StartPlan, approval: Approval) -> bool:
        """Record that the start needs approval, and queue the card that asks for it."""
        fields = {"look": to_json(plan), "approval": to_json(approval), **_incident(request)}
        await self._found(request, plan)
        return await self._step(lease, request, RequestState.PENDING, "post", fields=fields)

    async def decide(self, request: Request, user: str, *, yes: bool, why: str = "") -> Decided:
        """Approve or deny a start, whoever holds its claim."""
        within_us = microseconds(request.approval.within_s if request.approval else 0)
        decided: Decided = await self._scripts.run("decide_approval", request.id, user, int(yes), why, within_us)
        return decided

    async def approved(self, lease: Lease, request: Request, plan: StartPlan) -> bool:
        """Continue after an approval with a new plan: the start is sent like any other whose card is shown."""
        return await self._step(
            lease, request, RequestState.CARDED, "due", fields={"look": to_json(plan)}, edit="state"
        )

    async def refused(
        self,
        lease: Lease,
        request: Request,
        why: str,
        *,
        running: BlockingRun | None = None,
        near: tuple[str, ...] = (),
    ) -> bool:
        """Refuse a start.

        Next, the person is notified and the card is removed; if the start has waited, its card shows the reason instead.
        """
        fields = {
            "why": why,
            "candidates": str(running.run_id) if running else "",
            "near": to_json(StoredNearNames(near)),
        }
        if running:
            fields["running"] = to_json(running)
        edit = "state" if request.keeps_card else ""
        return await self._step(lease, request, RequestState.REFUSED, "due", fields=fields, edit=edit)

    async def closed(self, lease: Lease, request: Request) -> bool:
        """Finish a request with nothing left to do."""
        return await self._step(lease, request, RequestState.CLOSED, "end")

    async def begin_sending(self, lease: Lease, request: Request, *, deadline_s: float, lease_s: float) -> Sending:
        """Record that the trigger is about to be sent.

        Refused if it's late, or if another start of the schedule is already being sent.
        """
        token = await lease.stop_renewing()
        word, fresh = await self._scripts.run(
            "begin_sending", request.id, token, microseconds(deadline_s), microseconds(lease_s), _lock(request)
        )
        if word == Sending.GO:
            lease.replace_token(int(fresh), lease_s)
        return Sending(word) if word in set(Sending) else Sending.LOST

    async def not_sent(self, lease: Lease, request: Request, *, delay_s: float) -> bool:
        """Record that the trigger wasn't sent. The start may be sent again while there's time."""
        await self.unlock(request)
        return await self._step(lease, request, RequestState.CARDED, "due", delay_s=delay_s)

    async def looking(self, lease: Lease, request: Request, *, delay_s: float) -> bool:
        """Record that the trigger's reply was lost.

        The start's run is searched for before another start of the schedule is sent.
        """
        await self.lock(request, SEARCH_LOCK_S)
        return await self._step(lease, request, RequestState.LOOKING, "due", delay_s=delay_s, edit="state")

    async def unclear(self, lease: Lease, request: Request, candidates: tuple[int, ...], *, delay_s: float) -> bool:
        """Show on the card that the outcome is unclear, and keep searching."""
        fields = {"candidates": ",".join(map(str, candidates))}
        edit = "state" if request.state is not RequestState.UNCLEAR or candidates != request.candidates else ""
        return await self._step(lease, request, RequestState.UNCLEAR, "due", delay_s=delay_s, fields=fields, edit=edit)

    async def settle(self, request: Request, key: RunKey, *, told: bool, card_url: str | None = None) -> None:
        """Tie the request to its run, regardless of who holds the lease.

        `told`: Bolt returned the run's id in reply to the start.

        `card_url` is the address of the start's card, shown on the card of the run that it retries.
        """
        parent = request.plan.parent_run if request.plan else None
        await self._scripts.run(
            "settle_start",
            request.id,
            key.name,
            *creation_args(run_facts(request), Observation()),
            _lock(request),
            int(told),
            RunKey(key.workspace, parent).name if parent else "",
            key.id,
            to_json(Retried(key.id, request.user, request.card, card_url or "")),
        )

    async def rivals(self, request: Request) -> tuple[Rival, ...]:
        """Return the schedule's other starts that were sent and whose outcome is unknown."""
        sent: list[str] = await self._scripts.run("rival_starts", request.id, _lock(request))
        return tuple(_rival(*fields) for fields in zip(sent[::3], sent[1::3], sent[2::3], strict=True))

    async def unsettled_starts(self, schedule: str) -> tuple[Rival, ...]:
        """Return a schedule's starts that were sent and whose outcome is unknown."""
        sent: list[str] = await self._scripts.run("rival_starts", "", schedule_fingerprint(schedule))
        return tuple(_rival(*fields) for fields in zip(sent[::3], sent[1::3], sent[2::3], strict=True))

    async def lock(self, request: Request, hold_s: float) -> bool:
        """Keep other starts of the schedule from being sent for a while. Returns False if one is being sent."""
        return bool(await self._scripts.run("lock_schedule", _lock(request), request.id, round(hold_s * 1000)))

    async def unlock(self, request: Request) -> None:
        """Allow other starts of the schedule to be sent."""
        await self._scripts.run("lock_schedule", _lock(request), request.id, 0)

    async def was_absent_since(self, at: datetime) -> bool:
        """Whether there was a time since `at`, by Redis' clock, when no process worked on this data: an absence.

        The first claim after an absence notices it. See `feel_pulse` in shared/basics.lua.
        """
        away = await self._scripts.ask(self._scripts.redis.hget(self._scripts.key("pulse"), "away_us"))
        return away is not None and at < from_microseconds(away)

    async def note_checked(self, request: Request) -> None:
        """Record that a start was checked after an absence, and still has to wait."""
        seconds, rest_us = await self._scripts.ask(self._scripts.redis.time())
        at_us = str(int(seconds) * MICROSECONDS + int(rest_us))
        await self._scripts.ask(self._scripts.redis.hset(self._scripts.key("req", request.id), "checked_us", at_us))

    async def _found(self, request: Request, plan: StartPlan) -> None:
        """Store the start under its schedule too, which may not have been known when it was accepted."""
        for name in same_keys(request.user, request.channel, request.start_command, plan.slug)[1:]:
            await self._scripts.ask(
                self._scripts.redis.set(self._scripts.key("same", name), request.id, ex=SAME_KEPT_S)
            )

    async def _step(
        self,
        lease: Lease,
        request: Request,
        to: RequestState,
        next_set: str,
        *,
        delay_s: float = 0,
        fields: dict[str, str] | None = None,
        edit: str = "",
    ) -> bool:
        token = await lease.stop_renewing()
        pairs = [part for pair in (fields or {}).items() for part in pair]
        word, fresh = await self._scripts.run(
            "move_request",
            request.id,
            token,
            request.state,
            to,
            next_set,
            microseconds(delay_s),
            request.channel,
            edit,
            *pairs,
        )
        lease.token = int(fresh)
        return bool(word == "ok")


def _lock(request: Request) -> str:
    return schedule_fingerprint(request.queue)


def schedule_fingerprint(slug: str) -> str:
    """Return the part of a key that identifies a schedule."""
    return hashlib.sha256(slug.encode()).hexdigest()[:24]


def stored_request(new_request: NewRequest) -> StoredRequest:
    """Return a request's immutable fields."""
    return StoredRequest(
        new_request.team,
        new_request.channel,
        new_request.user,
        new_request.user_name,
        new_request.start_command,
        new_request.response_url,
        thread=new_request.thread,
        direct=new_request.direct,
        origin=new_request.origin,
        incident=new_request.incident,
    )


def read_request(request_id: str, record: Mapping[str, str]) -> Request:
    """Build a request from its record."""
    body = from_json(StoredRequest, record["body"])
    card = record.get("card", "").split(":")
    candidates = record.get("candidates", "")
    return Request(
        id=request_id,
        team=body.team,
        channel=body.channel,
        user=body.user,
        user_name=body.user_name,
        start_command=body.start_command,
        asked_at=from_microseconds(record["asked_us"]),
        response_url=body.response_url,
        state=RequestState.from_record(record["state"]),
        rev=int(record["rev"]),
        plan=from_json(StartPlan, record["look"]) if record.get("look") else None,
        card=CardRef(card[1], card[2]) if len(card) == 3 else None,
        sending_at=from_microseconds(record["sending_us"]) if record.get("sending_us") else None,
        run_id=int(record["run"].rpartition(":")[2]) if record.get("run") else None,
        why=record.get("why", ""),
        candidates=tuple(int(part) for part in candidates.split(",") if part),
        near=from_json(StoredNearNames, record["near"]).slugs if record.get("near") else (),
        thread=body.thread,
        direct=body.direct,
        origin=body.origin,
        running=from_json(BlockingRun, record["running"]) if record.get("running") else None,
        queued_at=from_microseconds(record["queued_us"]) if record.get("queued_us") else None,
        behind=RunKey.parse(record["behind"]).id if record.get("behind") else None,
        ahead=int(record.get("ahead") or 0),
        rounds=int(record.get("rounds") or 0),
        dropped_by=record.get("dropped_by") or None,
        approval=from_json(Approval, record["approval"]) if record.get("approval") else None,
        pending_at=from_microseconds(record["pending_us"]) if record.get("pending_us") else None,
        approved_by=record.get("approved_by") or None,
        denied_by=record.get("denied_by") or None,
        incident=body.incident,
        incident_channel=record.get("incident", "").partition(":")[0],
        end_untold="untold" in record,
        checked_at=from_microseconds(record["checked_us"]) if record.get("checked_us") else None,
    )


def incident_name(channel: str, schedule: str) -> str:
    """Return the name of the incident whose message is to show a start, or "" if there is none."""
    return f"{channel}:{schedule}" if schedule else ""


def _incident(request: Request) -> dict[str, str]:
    name = incident_name(request.channel, request.incident)
    return {"incident": name} if name else {}


def _rival(sent_us: str, plan: str, body: str) -> Rival:
    found = from_json(StartPlan, plan) if plan else None
    branch = branch_of_start(from_json(StoredRequest, body).start_command, found) if body else None
    parent, mark = (found.parent_run, found.mark) if found else (None, 0)
    return Rival(from_microseconds(sent_us), parent, branch, mark)
