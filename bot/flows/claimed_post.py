"""A post that a worker has claimed.

`bot.store.lanes` decides which post is claimed next.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.flows.lease import Lease

# The name of an end batch in keys, in waiting posts and in messages' metadata, which older versions read as well.
END_BATCH = "digest"
# The name of a digest in keys, in waiting posts and in messages' metadata, which older versions read as well.
DIGEST = "report"
# The stored outcome of a post that was dropped because its subject is no longer on record, or is no longer shown.
DROPPED = "gone"


@dataclass(frozen=True, slots=True)
class ClaimedPost:
    """A claimed post. `record` and `field` name the place where its attempts are recorded."""

    lease: Lease
    urgency: str
    channel: str
    record: str
    field: str
