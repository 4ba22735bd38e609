"""State of a Slack delivery: Slack delivers an event again if it isn't acknowledged in time.

`bot.store.deduplication` decides for how long copies are recognized.
"""

from __future__ import annotations

from enum import StrEnum


class DeliveryState(StrEnum):
    """State of a Slack delivery.

    `NEW`: its first copy; `BEGUN`: another copy is being handled, or was being handled when its process died; `DONE`:
    it was handled.
    """

    NEW = "new"
    BEGUN = "begun"
    DONE = "done"
