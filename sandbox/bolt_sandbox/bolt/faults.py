"""Faults that can be injected between a client and the sandbox's Bolt API.

`bolt_sandbox.bolt.routes` applies them; `bolt_sandbox.bolt.control` describes the call that adds one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

FaultKind = Literal[
    "status",
    "timeout",
    "drop_after",
    "not_json",
    "no_data",
    "graphql_error",
    "too_large",
    "slow",
    "away",
    "old_backend",
    "lost_run",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
# Faults that change how a request is answered; the others are answers themselves.
CHANGES = frozenset({"slow", "old_backend", "lost_run"})
OLD_BACKEND_LACKS = (
    "Query.boltScheduleName.slug",
    "Query.listBoltRuns.slug",
    "Mutation.triggerBoltRun.slug",
    "Mutation.suspendBoltSchedule.slug",
    "BoltSchedule.slug",
    "BoltSchedule.suspended",
    "BoltSchedule.notifications",
    "BoltDeferral.deferEnvironmentSlug",
    "BoltDeferral.deferredScheduleSlug",
    "BoltScheduleDetails.suspended",
)


@dataclass(slots=True)
class Fault:
    """One fault. A fault affects the next `count` matching requests, or all of them if `count` is None.

    - `operation`: only requests for this field of Query or Mutation (`triggerBoltRun`, …).
    - `executes`: execute the request before failing; always the case for `drop_after`.
    - `timeout` waits `hold_s` and then answers; if `hold_s` is None, it never answers.
    - `slow` adds `latency_s`.
    - `status` answers with `status`, and with Retry-After if `retry_after_s` is set.
    - `too_large` affects requests for more than `most` fields, and answers with `http_status`.
    - `lost_run`: `run_id` is unknown; counted for each request that asks for it.
    - `old_backend` serves a schema without the fields and arguments in `lacks` (`Type.field` or `Type.field.argument`).
    """

    kind: FaultKind
    count: int | None = 1
    operation: str | None = None
    executes: bool = False
    status: int = 503
    retry_after_s: float | None = None
    hold_s: float | None = None
    latency_s: float = 1.0
    most: int = 10
    http_status: int = 400
    run_id: int = 0
    message: str = "Something went wrong"
    lacks: tuple[str, ...] = OLD_BACKEND_LACKS

    @property
    def is_spent(self) -> bool:
        """Whether it has been used `count` times."""
        return self.count is not None and self.count <= 0

    def use(self) -> None:
        """Count one use."""
        if self.count is not None:
            self.count -= 1

    def fits(self, operations: Collection[str], fields: int) -> bool:
        """Whether it matches a request for these operations; `fields` is how many fields it requests."""
        if self.is_spent or (self.operation is not None and self.operation not in operations):
            return False
        return self.kind != "too_large" or fields > self.most


@dataclass(slots=True)
class Faults:
    """The active faults, oldest first."""

    active: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Activate a fault."""
        self.active.append(fault)

    def clear(self) -> None:
        """Deactivate all faults."""
        self.active.clear()

    def is_away(self) -> bool:
        """Whether to close this connection without reading from it. If so, this counts as a use."""
        struck = next(
            (each for each in self.active if each.kind == "away" and each.operation is None),
            None,
        )
        if struck is not None:
            self._strike(struck)
        return struck is not None

    def take(self, operations: Collection[str], fields: int) -> list[Fault]:
        """Return and count the faults for a request: all that change its answer, then at most one that replaces it."""
        fitting = [each for each in self.active if each.fits(operations, fields)]
        changes = [each for each in fitting if each.kind in CHANGES]
        answers = [each for each in fitting if each.kind not in CHANGES][:1]
        for each in (*changes, *answers):
            if each.kind != "lost_run":
                self._strike(each)
        return [*changes, *answers]

    def strike_lost_run(self, fault: Fault) -> None:
        """Count a request for the lost run."""
        self._strike(fault)

    def _strike(self, fault: Fault) -> None:
        fault.use()
        if fault.is_spent and fault in self.active:
            self.active.remove(fault)


FIELDS: dict[str, type | tuple[type, ...]] = {
    "operation": str,
    "executes": bool,
    "status": int,
    "retry_after_s": (int, float),
    "hold_s": (int, float),
    "latency_s": (int, float),
    "most": int,
    "http_status": int,
    "run_id": int,
    "message": str,
}


def fault_from_json(body: dict[str, Any]) -> Fault:
    """Parse a fault from a control call.

    `kind` may include a status: `status:502`. Raises ValueError with the reason.
    """
    kind, _colon, status = str(body.get("kind", "")).partition(":")
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    unknown = set(body) - {"kind", "count", "lacks", *FIELDS}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    fault = Fault(kind)  # type: ignore[arg-type]  # checked above
    count = body.get("count", 1)
    if count is not None and (not isinstance(count, int) or count < 1):
        raise ValueError("count is a number from 1, or null for as long as it is not switched off")
    fault.count = count
    for name, wanted in FIELDS.items():
        if body.get(name) is not None:
            setattr(fault, name, _checked(name, body[name], wanted))
    if status:
        fault.status = int(status)
    if "lacks" in body:
        fault.lacks = tuple(str(each) for each in body["lacks"])
    return fault


def _checked(name: str, value: object, wanted: type | tuple[type, ...]) -> object:
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ValueError(f"{name} is of another type")
    return value
