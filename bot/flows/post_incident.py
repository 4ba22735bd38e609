"""Posting an incident's message once, and the posts in its thread.

`bot.core.watching.incident_life` decides when there's something to post, and `bot.flows.whom_to_mention` decides whom
it notifies. The wording is in `bot.core.views.incident`.
"""

from __future__ import annotations

import structlog

from bot.core.model.card import Card
from bot.core.model.incident import IncidentState, PostKind, StoredIncident, ThreadPost
from bot.core.model.run import CardRef, Run, RunKey
from bot.core.text.message import Message
from bot.core.text.text import Sentence
from bot.core.views.incident import incident_message, thread_post, unshowable_message
from bot.core.views.thread import late_log_post
from bot.core.watching.uneditable_message import mark_uneditable
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.close_unwatched_incidents import TRIES
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane, Runs
from bot.flows.ports.watch_store import IncidentPosts
from bot.flows.post_log_file import LogFilePoster, file_thread
from bot.flows.poster import MessagePoster
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries
from bot.flows.whom_to_mention import IncidentPeople

log = structlog.get_logger()

LOG_AGAIN_S = 2.0
MESSAGE_AGAIN_S = 1.0
# A message that was deleted is posted again when the snooze ends.
SNOOZED_AGAIN_S = 60.0
# How often to check whether a late log has been read.
LATE_AGAIN_S = 30.0
# How long an opening waits for the excerpt of the log, counted from when the run's end was seen. After that, it's
# posted without the excerpt.
LOG_AWAITED_S = 20.0


class IncidentPoster:
    """Sends claimed posts of incidents."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        poster: MessagePoster,
        incidents: IncidentPosts,
        runs: Runs,
        people: IncidentPeople,
        quiet: QuietHours,
        retries: IncidentRetries,
        files: LogFilePoster,
        *,
        workspace: str,
        app_url: str,
        log_awaited_s: float = LOG_AWAITED_S,
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._incidents = incidents
        self._runs = runs
        self._people = people
        self._quiet = quiet
        self._retries = retries
        self._files = files
        self._poster = poster
        self._workspace = workspace
        self._app_url = app_url
        self._log_awaited_s = log_awaited_s

    async def post_of_incident(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Send one post, named <what>/<channel>/<schedule>.

        As `what`, 0 is the message, and other numbers are posts in its thread. `late-<n>` is the log that was missing
        in the n-th post, and `file-<n>` is that post's file.
        """
        what, _, rest = name.partition("/")
        kind, _, number = what.rpartition("-")
        schedule = rest.partition("/")[2]
        stored = await self._incidents.load_incident(channel, schedule)
        post = next((one for one in stored.incident.posts if one.number == int(number)), None) if stored else None
        if stored is None or not _is_due(stored, what, post):
            # The post was replaced or isn't needed, its record has expired, or it may not be shown anymore.
            await self._incidents.posted(self._claimed(lease, urgency, channel, schedule, ""), "")
            return
        serial = stored.incident.serial
        field = f"{kind or 'thread'}-{serial}-{number}" if post else f"post-{serial}"
        claimed = self._claimed(lease, urgency, channel, schedule, field)
        if _is_overtaken(stored, post):
            await self._incidents.posted(claimed, DROPPED)
            return
        quiet_s = await self._quiet.longest_s([stored.incident])
        if quiet_s:
            # The post was queued before the quiet hours began. Posts that they withhold are never queued.
            await self._posts.put_back(claimed, delay_s=quiet_s)
            return
        why_not = await self._poster.try_to_post(claimed, lambda: self._send(claimed, stored, post, kind))
        if why_not is not None:
            log.error("Slack refused a post about an incident", schedule=schedule, channel=channel, why=why_not)
            await self._incidents.posted(claimed, why_not)

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render an incident's message for an edit.

        Returns its revision and the message, or None if the incident has another message by now, or isn't on record.
        """
        stored = await self._shown_by(card)
        return (f"inc:{stored.rev}", await self._rendered(stored)) if stored else None

    async def replace_deleted(self, lease: Lease, card: Card) -> None:
        """Post a new message instead of one that was deleted."""
        stored = await self._shown_by(card)
        if stored is not None:
            incident = stored.incident
            log.info("an incident's message was deleted", schedule=incident.schedule, channel=incident.channel)
            await self._incidents.message_deleted(lease, stored)

    async def mark_uneditable(self, card: Card) -> None:
        """Record that a message can't be edited anymore: from now on, changes are posted in its thread."""
        for _ in range(TRIES):
            stored = await self._shown_by(card)
            if stored is None or stored.incident.uneditable_since is not None:
                return
            incident = stored.incident
            if await self._incidents.store_incident(stored, mark_uneditable(incident), "none"):
                log.info(
                    "an incident's message can't be edited anymore",
                    schedule=incident.schedule,
                    channel=incident.channel,
                )
                return

    async def _shown_by(self, card: Card) -> StoredIncident | None:
        """The incident of a message, or None if it's no longer on record or now has another message."""
        channel, _, schedule = (card.incident or "").partition(":")
        stored = await self._incidents.load_incident(channel, schedule)
        return stored if stored is not None and stored.ts == card.ref.ts else None

    async def _rendered(self, stored: StoredIncident) -> Message:
        incident, start = await self._retries.read_retry(stored)
        earlier = await self._chat.permalink(incident.channel, stored.earlier) if stored.earlier else None
        return incident_message(incident, self._app_url, await self._people.names(incident), start, earlier)

    def _claimed(self, lease: Lease, urgency: str, channel: str, schedule: str, field: str) -> ClaimedPost:
        return ClaimedPost(lease, urgency, channel, f"incident:{channel}:{schedule}", field)

    async def _send(self, claimed: ClaimedPost, stored: StoredIncident, post: ThreadPost | None, kind: str) -> None:
        if post is None:
            await self._message(claimed, stored)
        elif not kind:
            await self._thread(claimed, stored, post)
        else:
            await self._attach(claimed, stored, post, kind)

    async def _message(self, claimed: ClaimedPost, stored: StoredIncident) -> None:
        incident = stored.incident
        message = await self._rendered(stored)
        sent: list[str] = []
        replaced = f":{incident.replaced}" if incident.replaced else ""
        key, least = f"incident:{incident.key}:{incident.serial}{replaced}", unshowable_message(incident, self._app_url)
        ts = await self._poster.post_message_once(claimed, message, key, sent=sent, least=least)
        if ts is not None:
            # A message that was sent earlier and only found now shows the incident as it was then, so it's edited.
            recorded = await self._incidents.message_posted(claimed, stored, ts, is_newest=ts in sent)
            await self._poster.remove_unless_recorded(CardRef(claimed.channel, ts), recorded)

    async def _thread(self, claimed: ClaimedPost, stored: StoredIncident, post: ThreadPost) -> None:
        incident = stored.incident
        shows_log = post.run and not incident.without_logs
        run = await self._runs.load_run(RunKey(self._workspace, post.run)) if shows_log else None
        thread = await self._thread_ts(stored, post)
        if thread is None and not incident.silent:
            await self._await_message(claimed, stored, SNOOZED_AGAIN_S if incident.snooze else MESSAGE_AGAIN_S)
            return
        if post.kind is PostKind.OPENING and await self._awaits_log(run):
            await self._posts.put_back(claimed, delay_s=LOG_AGAIN_S)
            return
        mention: Sentence = ()
        if post.mention and incident.is_open:
            mention = await self._people.mention(incident)
        message = thread_post(incident, post, run, mention, self._app_url, await self._people.names(incident))
        key = f"incident:{incident.key}:{incident.serial}:{post.number}"
        ts = await self._poster.post_message_once(claimed, message, key, thread)
        if ts is not None:
            recorded = await self._incidents.posted(claimed, ts, follows=_follows(post, run))
            await self._poster.remove_unless_recorded(CardRef(claimed.channel, ts), recorded)

    async def _attach(self, claimed: ClaimedPost, stored: StoredIncident, post: ThreadPost, kind: str) -> None:
        """Post a log that was missing at first, or the file of a log."""
        incident = stored.incident
        run = await self._runs.load_run(RunKey(self._workspace, post.run))
        if run is None or run.end is None or incident.without_logs:
            await self._incidents.posted(claimed, DROPPED)
        elif run.end.log == "late":
            await self._posts.put_back(claimed, delay_s=LATE_AGAIN_S)
        elif not stored.ts:
            await self._await_message(claimed, stored, SNOOZED_AGAIN_S)
        elif kind == "late":
            key = f"incident:{incident.key}:{incident.serial}:late-{post.number}"
            ts = await self._poster.post_message_once(claimed, late_log_post(run, self._app_url), key, stored.ts)
            if ts is not None:
                await self._incidents.posted(claimed, ts, follows=_follows(post, run))
        else:
            outcome = await self._files.post_log_file(claimed, run, await file_thread(self._posts, claimed, stored.ts))
            if outcome is not None:
                await self._incidents.posted(claimed, outcome)

    async def _await_message(self, claimed: ClaimedPost, stored: StoredIncident, delay_s: float) -> None:
        """Put a thread post back until its message is posted, or give up on it if the message never will be."""
        if not stored.refused:
            await self._posts.put_back(claimed, delay_s=delay_s)
            return
        log.error(
            "a post about an incident was dropped, because the incident's message couldn't be posted",
            schedule=stored.incident.schedule,
            why=stored.refused,
        )
        await self._incidents.posted(claimed, stored.refused)

    async def _thread_ts(self, stored: StoredIncident, post: ThreadPost) -> str | None:
        """The thread to post in: of its message, or else of the newest failed run's card. None means the channel."""
        if stored.ts:
            return stored.ts
        failed = stored.incident.failed
        if not stored.incident.silent or failed is None or post.kind is not PostKind.RECOVERED:
            return None
        card = await self._runs.card_in(RunKey(self._workspace, failed.run), stored.incident.channel)
        return card.ts if card else None

    async def _awaits_log(self, run: Run | None) -> bool:
        if run is None or run.end is None or run.end.log != "late":
            return False
        # Measured from when its end was seen, not from the end itself, which is a time on Bolt's clock.
        return 0 < await self._runs.final_since_s(run.key) < self._log_awaited_s


def _follows(post: ThreadPost, run: Run | None) -> str:
    """The post that follows an opening in its thread, as in a failed run's thread: the log's file or late excerpt."""
    if post.kind is not PostKind.OPENING or run is None or run.end is None or run.end.failed is None:
        return ""
    return {"read": f"file-{post.number}", "late": f"late-{post.number}"}.get(run.end.log, "")


def _is_due(stored: StoredIncident, what: str, post: ThreadPost | None) -> bool:
    """Whether a queued post should still be sent. In an outage, the outage's message shows it instead."""
    if stored.outage or _is_withdrawn(stored, post):
        return False
    return post is not None or (what == "0" and not stored.incident.silent)


def _is_overtaken(stored: StoredIncident, post: ThreadPost | None) -> bool:
    """Whether a recovery from before the incident's first message is no longer news, because the schedule fails again.

    Such a recovery's post belongs in the channel, and may already be there. Nobody would look for it in the thread.
    """
    if post is None or post.kind is not PostKind.RECOVERED:
        return False
    return any(one.kind is PostKind.OPENING and one.number > post.number for one in stored.incident.posts)


def _is_withdrawn(stored: StoredIncident, post: ThreadPost | None) -> bool:
    """Whether nothing more is posted about an incident, because it was closed. Only its message, if any, says why."""
    return stored.incident.state is IncidentState.CLOSED and (post is None or post.kind is not PostKind.STATE)
