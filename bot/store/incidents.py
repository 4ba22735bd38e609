"""Incidents: one hash per schedule and channel, changed only if nobody else has changed it since it was loaded.

`bot.core.watching.incident_life` and `bot.core.watching.handling` decide how they change.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from bot.core.model.channel_back import ChannelBack
from bot.core.model.discovery import Count, Ledger, ScheduleRecord
from bot.core.model.incident import Incident, IncidentState, PostKind, StoredIncident, ThreadPost
from bot.core.model.notice import NoticeChange
from bot.core.model.run import RunKey
from bot.core.watching.edits import Edit
from bot.core.watching.handling import next_time
from bot.core.watching.shared_causes import cause_key
from bot.core.watching.uneditable_message import outdates_outage, with_line
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.watch_store import IncidentChange
from bot.store.due_sets import MICROSECONDS
from bot.store.notices import notice_rows
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts

POST_CLASSES = {PostKind.RECOVERED: "recovery", PostKind.OPENING: "opened"}


class Incidents:
    """Implements the flows' `Incidents` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def load_incident(self, channel: str, schedule: str) -> StoredIncident | None:
        """Load the newest incident of a schedule in a channel. Returns None if there is none on record."""
        return (await self.load_incidents([(channel, schedule)]))[0]

    async def load_incidents(self, keys: Sequence[tuple[str, str]]) -> list[StoredIncident | None]:
        """Load the newest incident of each channel and schedule."""
        if not keys:
            return []
        pipeline = self._scripts.redis.pipeline(transaction=False)
        for channel, schedule in keys:
            pipeline.hmget(
                self._scripts.key("incident", channel, schedule),
                ["incident", "rev", "ts", "outage", "request", "earlier", "refused"],
            )
        rows = await self._scripts.ask(pipeline.execute())
        return [
            StoredIncident(
                from_json(Incident, body),
                int(rev),
                ts or "",
                int(outage or 0),
                request or "",
                earlier or "",
                refused or "",
            )
            if body
            else None
            for body, rev, ts, outage, request, earlier, refused in rows
        ]

    async def open_incidents(self, channel: str | None = None) -> list[StoredIncident]:
        """Return the open incidents of a channel, or of all channels, the oldest first."""
        members = await self._scripts.ask(self._scripts.redis.zrange(self._scripts.key("incident", "open"), 0, -1))
        keys = [(where, schedule) for where, _, schedule in (member.partition(":") for member in members)]
        found = await self.load_incidents([key for key in keys if channel in (None, key[0])])
        return [one for one in found if one is not None and one.incident.is_open]

    async def store_incident(self, before: StoredIncident, after: Incident, edit: Edit) -> bool:
        """Replace an incident. Returns False if somebody else has changed it since it was loaded."""
        change = IncidentChange(before, after, edit)
        word = await self._scripts.run("account_ends", after.schedule, "", "", "", "[]", 0, 1, *_change(change))
        return bool(word == "ok")

    async def account(
        self,
        lease: Lease,
        record: ScheduleRecord,
        ledger: Ledger,
        runs: Sequence[RunKey],
        changes: Sequence[IncidentChange],
        counts: Sequence[Count],
        notices: Sequence[NoticeChange] = (),
        untold: Sequence[str] = (),
    ) -> bool:
        """Account for ends, with all the incidents and notices that they change, in one step.

        The askers of `untold` starts are notified next. Returns False if anything has changed.
        """
        parts = [part for change in changes for part in _change(change)]
        word = await self._scripts.run(
            "account_ends",
            record.schedule.slug,
            await lease.stop_renewing(),
            record.rev,
            to_json(ledger),
            json.dumps([(one.day, one.name, one.field) for one in counts]),
            len(runs),
            *(run.name for run in runs),
            len(changes),
            *parts,
            len(notices),
            *notice_rows(notices),
            *untold,
        )
        return bool(word == "ok")

    async def posted(self, post: ClaimedPost, outcome: str, *, follows: str = "") -> str:
        """Record a thread post of an incident. `outcome`: the post's timestamp, or why it was dropped.

        `follows` names the post to queue next: the log's file (`file-<n>`) or late excerpt (`late-<n>`) of post <n>.
        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        return await self._finish(post, outcome, "", "", follows)

    async def message_posted(self, post: ClaimedPost, stored: StoredIncident, ts: str, *, is_newest: bool) -> str:
        """Record that an incident's message was posted; an edit follows unless it shows `stored` (`is_newest`).

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        shown = f"inc:{stored.rev}" if is_newest else ""
        return await self._finish(post, ts, stored.incident.team, shown)

    async def message_deleted(self, lease: Lease, stored: StoredIncident) -> None:
        """Record that the message was deleted. A new one is posted, unless the incident is snoozed or closed."""
        incident = stored.incident
        again = incident.state is not IncidentState.CLOSED and incident.snooze is None
        card = f"{incident.team}:{incident.channel}:{stored.ts}"
        await self._scripts.run(
            "incident_message_deleted", card, lease.token, incident.channel, incident.schedule, stored.ts, int(again)
        )

    async def channel_back(self, channel: str, away: ChannelBack) -> list[str]:
        """Bring a channel's incidents up to date, now that the bot can post there again, and queue a message about it.

        Returns their schedules.
        """
        opened = [one.incident.schedule for one in await self.open_incidents(channel)]
        word = "back" if away.always else "quiet"
        return list(await self._scripts.run("channel_back", channel, away.since.isoformat(), word, *opened))

    async def is_held(self, channel: str) -> bool:
        """Whether posts of the channel's incidents are held back, as while its watches are paused."""
        return bool(await self._scripts.ask(self._scripts.redis.exists(self._scripts.key("away", channel))))

    async def channel_fit(self, channel: str) -> float | None:
        """Make a channel's refused posts and edits due now, because Slack says that the bot can post there.

        Returns the seconds until the rest is worth another try, or None if nothing is left.
        """
        again_ms = int(await self._scripts.run("channel_takes_posts", channel, 0))
        return again_ms / 1000 if again_ms else None

    async def load_channel_back(self, channel: str) -> ChannelBack | None:
        """Load what to report to a channel in which the bot can post again, or None if there's nothing to post."""
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("back", channel)))
        if not record.get("since") or record.get("post", "").startswith("done:"):
            return None
        since = datetime.fromisoformat(record["since"])
        return ChannelBack(
            since,
            always=record["word"] == "back",
            schedules=tuple(json.loads(record["slugs"])),
            # An older version doesn't record it.
            withheld=tuple(json.loads(record.get("withheld", "[]"))),
        )

    async def channel_back_posted(self, post: ClaimedPost, outcome: str) -> str:
        """Record the message as posted (`outcome`: its ts) or dropped (`outcome`: why).

        Returns `ok`, or `done:<ts>` if another process has posted it.
        """
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_channel_back", post.urgency, post.channel, lease.member, lease.token, outcome
            )
        )

    async def _finish(self, post: ClaimedPost, outcome: str, team: str, shown: str, follows: str = "") -> str:
        # From the record's name, which isn't just the schedule's slug once a newer incident has replaced this one.
        lease, schedule = post.lease, post.record.partition(":")[2].partition(":")[2]
        return str(
            await self._scripts.run(
                "finish_incident_post",
                post.urgency,
                post.channel,
                lease.member,
                lease.token,
                schedule,
                post.field,
                outcome,
                team,
                shown,
                follows,
            )
        )


def _post_classes(posts: Sequence[ThreadPost]) -> list[str]:
    """The class of each post. A recovery is urgent, but doesn't overtake a line that comes before it."""
    classes: list[str] = []
    for post in posts:
        waits = post.kind is PostKind.RECOVERED and classes[-1:] == ["line"]
        classes.append("line" if waits else POST_CLASSES.get(post.kind, "line"))
    return classes


def _change(change: IncidentChange) -> tuple[str | int, ...]:
    """The arguments of one incident's change."""
    before = change.before
    after = with_line(before.incident if before else None, change.after)
    posts = ",".join(
        f"{post.number}:{name}" for post, name in zip(after.posts, _post_classes(after.posts), strict=True)
    )
    at, outdates = next_time(after), outdates_outage(after)
    return (
        after.channel,
        before.rev if before else 0,
        to_json(after),
        after.serial,
        change.edit,
        posts,
        int(not after.silent and after.snooze is None),
        int(after.is_open),
        round(at.timestamp() * MICROSECONDS) if at else "",
        cause_key(after),
        after.team,
        round(after.withheld.until.timestamp() * MICROSECONDS) if after.withheld else "",
        after.replaced,
        round(outdates.timestamp() * MICROSECONDS) if outdates else "",
    )
