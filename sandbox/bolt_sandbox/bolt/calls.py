"""Record and count the requests to the API."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

CALLS_KEPT = 5000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP request. `operations` has a name for each requested field; `status` is None if there was no response."""

    at: datetime
    operations: tuple[str, ...]
    status: int | None
    ms: float
    fault: str | None = None

    def __str__(self) -> str:
        """Return one line for a log."""
        asked = ", ".join(name if n == 1 else f"{name} x{n}" for name, n in Counter(self.operations).items())
        fault = f" ({self.fault})" if self.fault else ""
        return f"bolt: {asked or 'nothing understood'}: {self.status or 'no answer'}{fault}, {self.ms:.0f} ms"


class Calls:
    """The latest requests, and the counts of each operation, as requests and as requested fields."""

    def __init__(self) -> None:
        self.total = 0
        self.by_operation: Counter[str] = Counter()
        self.fields_by_operation: Counter[str] = Counter()
        self._kept: deque[CallRecord] = deque(maxlen=CALLS_KEPT)

    def add(self, call: CallRecord) -> None:
        """Store and count a request."""
        self._kept.append(call)
        self.total += 1
        self.by_operation.update(set(call.operations))
        self.fields_by_operation.update(call.operations)

    def after(self, number: int) -> Iterator[CallRecord]:
        """Return the requests after the first `number`, as far as they're still stored."""
        dropped = self.total - len(self._kept)
        return islice(iter(self._kept), max(number - dropped, 0), None)
