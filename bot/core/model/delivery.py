"""How far a delivery of Slack's has been handled: Slack delivers the same thing again if it gets no answer in time."""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """`NEW`: this is its first copy; `BEGUN`: another copy is being handled, or was when its process died; `DONE`: it was handled."""

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"
