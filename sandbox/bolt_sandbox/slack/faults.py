"""Faults of Slack that a test or a person can activate.

A fault is for one method (`chat.update`, …), for `response_url`, `upload` or `socket` (the WebSocket's handshake), or
for `*`: every method of the Web API. A fault affects `count` calls (None: all), after `skip` calls have passed.

`bolt_sandbox.slack.web` applies them. Connections are dropped or made deaf in `bolt_sandbox.slack.sockets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal["ratelimited", "http_500", "error", "slow", "drop_before", "drop_after"]
KINDS: tuple[str, ...] = get_args(FaultKind)


@dataclass(slots=True)
class Fault:
    """One fault. `drop_after` executes the call and then closes the connection; `drop_before` only closes it.

    `slow` waits `delay_s` and then executes the call; `error` answers `ok: false` with `code`.
    """

    kind: FaultKind
    method: str = "*"
    count: int | None = 1
    skip: int = 0
    retry_after_s: int = 1
    delay_s: float = 1.0
    code: str = "internal_error"


class Faults:
    """The active faults. While `away`, every connection to Slack is closed without a reply."""

    def __init__(self) -> None:
        self.away = False
        self.active: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Activate a fault."""
        self.active.append(fault)

    def clear(self) -> None:
        """Deactivate all faults."""
        self.active.clear()
        self.away = False

    def take(self, method: str) -> Fault | None:
        """Return and count the fault for this call, or None."""
        for fault in self.active:
            everything = fault.method == "*" and "." in method
            if fault.method != method and not everything:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            if fault.count is not None:
                fault.count -= 1
                if fault.count <= 0:
                    self.active.remove(fault)
            return fault
        return None
