"""Outages of services: logged once when one begins and once when it ends, however many calls fail in between.

`bot.core.model.call_outcome` says which errors count. For schedules that fail together, see `bot.core.model.outage`.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from prometheus_client import Counter, Gauge

from bot.core.model.call_outcome import CallOutcome, call_outcome
from bot.core.model.errors import BoltDenied, BotError, CredentialRefused, StoreRefused

log = structlog.get_logger()

CALLS = Counter(
    "bolt_bot_calls",
    "Calls to a service, by outcome: ok, refused, throttled (429), or away (no usable answer).",
    ("service", "outcome"),
)
UP = Gauge(
    "bolt_bot_service_up", "Whether a service is available (1) or away (0), as in the log and /readyz.", ("service",)
)

# The part of a service that answers calls.
CALL = "call"
REFUSES = (BoltDenied, CredentialRefused, StoreRefused)


class ServiceOutage:
    """One service's outages. The object is called with the outcome of each call to the service: None, or the error.

    A service may have several parts, such as Slack's Web API and its sockets: it's available if all of them are. The
    log, the gauge and `reason` (which /readyz shows) always agree.
    """

    def __init__(self, service: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self._clock = clock
        self._since: float | None = None
        self._faults: dict[str, BotError] = {}
        self._told: set[bool] = set()

    @property
    def away_s(self) -> float:
        """Return the seconds for which the service has been unavailable, or 0 if it's available."""
        return 0.0 if self._since is None else self._clock() - self._since

    @property
    def reason(self) -> str:
        """Return why the service is unavailable, without hosts, or an empty string if it's available."""
        if not self._faults:
            return ""
        error = next(iter(self._faults.values()))
        what = "refuses requests" if isinstance(error, REFUSES) else "doesn't answer"
        return f"{self.service} {what}" + (f": {error.cause}" if error.cause else "")

    def away(self, part: str) -> bool:
        """Whether one part of the service is unavailable."""
        return part in self._faults

    def of(self, part: str) -> Callable[[BotError | None], None]:
        """Return a function that notes the outcomes of a part that isn't a call, such as the sockets."""
        return lambda error: self._note(part, error if call_outcome(error) is CallOutcome.AWAY else None)

    def __call__(self, error: BotError | None) -> None:
        """Note the outcome of a call."""
        outcome = call_outcome(error)
        CALLS.labels(self.service, outcome).inc()
        self._note(CALL, error if outcome is CallOutcome.AWAY else None)

    def _note(self, part: str, error: BotError | None) -> None:
        if error is not None:
            self._faults[part] = error
            self._away(error)
        elif self._faults.pop(part, None) is not None and not self._faults:
            log.info("a service is back", service=self.service, away_s=round(self.away_s, 1))
            self._since = None
        UP.labels(self.service).set(not self._faults)

    def _away(self, error: BotError) -> None:
        """Log when an outage begins, and once more if an unreachable service starts to refuse calls, or the reverse."""
        refuses = isinstance(error, REFUSES)
        if self._since is None:
            self._since, self._told = self._clock(), {refuses}
            log.warning("a service is away", service=self.service, why=error.detail)
        elif refuses not in self._told:
            self._told.add(refuses)
            log.warning("a service is still away, for another reason", service=self.service, why=error.detail)
