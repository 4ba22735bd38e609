"""The requests that the API was sent, kept and counted."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

CALLS_KEPT = 5000


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP request. `operations` holds a name for each field asked for; `status` is None where none was sent."""

    at: datetime
    operations: tuple[str, ...]
    status: int | None
    ms: float
    fault: str | None = None

    def __str__(self) -> str:
        """One line for a log."""
        asked = ", ".join(name if n == 1 else f"{name} x{n}" for name, n in Counter(self.operations).items())
        fault = f" ({self.fault})" if self.fault else ""
        return f"bolt: {asked or 'nothing understood'}: {self.status or 'no answer'}{fault}, {self.ms:.0f} ms"


class Calls:
    """The last requests, and how many there were of each operation, as requests and as fields asked for."""

    def __init__(self) -> None:
        self.total = 0
        self.by_operation: Counter[str] = Counter()
        self.fields_by_operation: Counter[str] = Counter()
        self._kept: deque[CallRecord] = deque(maxlen=CALLS_KEPT)

    def add(self, call: CallRecord) -> None:
        """Keep and count one."""
        self._kept.append(call)
        self.total += 1
        self.by_operation.update(set(call.operations))
        self.fields_by_operation.update(call.operations)

    def after(self, number: int) -> Iterator[CallRecord]:
        """The requests after the first `number`, as far as they are kept."""
        dropped = self.total - len(self._kept)
        return islice(iter(self._kept), max(number - dropped, 0), None)
