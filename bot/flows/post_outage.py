"""Posting an outage's message once, and the posts about its causes in the message's thread.

The script `account_ends.lua` decides which incidents form an outage, and the wording is in `bot.core.views.outage`.
"""

from __future__ import annotations

import structlog

from bot.core.model.card import Card
from bot.core.model.incident import HIDDEN, Incident, IncidentState
from bot.core.model.outage import MENTIONS_MOST, Outage
from bot.core.model.run import CardRef, RunKey
from bot.core.text.message import Message
from bot.core.text.text import Sentence
from bot.core.views.outage import all_recovered, cause_post, failing_again, outage_message, state_line
from bot.core.watching.incident_life import is_accounted
from bot.core.watching.shared_causes import next_posts, shared_causes
from bot.flows.claimed_post import DROPPED, ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import Due, PostLane, Runs
from bot.flows.ports.watch_store import Outages
from bot.flows.post_log_file import LogFilePoster, file_thread
from bot.flows.poster import MessagePoster
from bot.flows.quiet_hours import QuietHours
from bot.flows.read_incident_retries import IncidentRetries
from bot.flows.whom_to_mention import IncidentPeople

log = structlog.get_logger()

MESSAGE_AGAIN_S = 1.0
# Logs are read while schedules join, and the posts about causes wait for them. The time between two checks:
CAUSES_AGAIN_S = 20.0


class OutagePoster:
    """Sends claimed posts of outages."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        poster: MessagePoster,
        outages: Outages,
        people: IncidentPeople,
        due: Due,
        quiet: QuietHours,
        runs: Runs,
        files: LogFilePoster,
        retries: IncidentRetries,
        *,
        workspace: str,
        app_url: str,
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._outages = outages
        self._people = people
        self._due = due
        self._quiet = quiet
        self._runs = runs
        self._files = files
        self._retries = retries
        self._workspace = workspace
        self._poster = poster
        self._app_url = app_url

    async def plan_causes(self, lease: Lease) -> None:
        """Plan the posts about the causes of the claimed outage, as far as they're known.

        The lease's member is <channel>:<number>.
        """
        channel, _, number = lease.member.partition(":")
        outage = await self._outages.load_outage(channel, int(number))
        if outage is None or not outage.failing:
            await self._due.finish(lease)
            return
        new = next_posts(shared_causes(outage.failing), outage.posts)
        if new and outage.ts and not await self._outages.plan_posts(outage, new):
            await self._due.give_back(lease)
            return
        await self._due.give_back(lease, delay_s=CAUSES_AGAIN_S)

    async def post_of_outage(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Send one post, named <what>/<channel>/<number>.

        <what> is one of these: 0 is the message; any other number is a post about a cause, and `file-<n>-<run>` is a
        log with that cause. `over-<n>` says that all schedules have recovered, and `again-<n>` says that some fail
        again after that. `state-<n>` says what the message would show if it could still be edited.
        """
        what, _, rest = name.partition("/")
        number = int(rest.rpartition("/")[2])
        post = ClaimedPost(lease, urgency, channel, f"outage:{channel}:{number}", f"post-{what}")
        outage = await self._outages.load_outage(channel, number)
        if outage is None or _is_withdrawn(outage, what):
            # The post is no longer on record, or may not be shown anymore.
            await self._outages.drop_post(post, number)
            return
        quiet_s = await self._quiet.longest_s(outage.members)
        if quiet_s:
            await self._posts.put_back(post, delay_s=quiet_s)
            return
        why_not = await self._poster.try_to_post(post, lambda: self._send(post, outage, what))
        if why_not is not None:
            log.error("Slack refused a post about an outage", channel=channel, why=why_not)
            await self._outages.posted(post, outage, why_not)

    async def render(self, card: Card) -> tuple[str, Message] | None:
        """Render an outage's message for an edit.

        Returns its revision and the message, or None if the outage isn't on record anymore.
        """
        outage = await self._shown_by(card)
        return (f"out:{outage.rev}", await self._rendered(outage)) if outage else None

    async def replace_deleted(self, card: Card) -> None:
        """Post a new message instead of one that was deleted: later failures are shown in it alone."""
        outage = await self._shown_by(card)
        if outage is not None:
            log.info("an outage's message was deleted", channel=outage.channel, outage=outage.number)
            await self._outages.message_deleted(outage)

    async def mark_uneditable(self, card: Card) -> None:
        """Record that a message can't be edited anymore: from now on, changes are posted in its thread."""
        outage = await self._shown_by(card)
        if outage is not None and await self._outages.mark_uneditable(outage):
            log.info("an outage's message can't be edited anymore", channel=outage.channel, outage=outage.number)

    async def _shown_by(self, card: Card) -> Outage | None:
        """The outage of a message, or None if it's no longer on record, or has another message by now."""
        channel, _, number = (card.outage or "").partition(":")
        outage = await self._outages.load_outage(channel, int(number))
        return outage if outage is not None and outage.ts == card.ref.ts else None

    async def _rendered(self, outage: Outage) -> Message:
        earlier = await self._chat.permalink(outage.channel, outage.earlier) if outage.earlier else None
        return outage_message(await self._retries.read_outage(outage), earlier)

    async def _send(self, post: ClaimedPost, outage: Outage, what: str) -> None:
        if what == "0":
            await self._message(post, outage)
        elif not outage.ts:
            await self._posts.put_back(post, delay_s=MESSAGE_AGAIN_S)
        elif what.startswith("file-"):
            await self._file(post, outage, int(what.rpartition("-")[2]))
        else:
            await self._thread(post, outage, what)

    async def _message(self, post: ClaimedPost, outage: Outage) -> None:
        sent: list[str] = []
        replaced = f":{outage.replaced}" if outage.replaced else ""
        message, key = await self._rendered(outage), f"outage:{outage.name}{replaced}"
        ts = await self._poster.post_message_once(post, message, key, sent=sent)
        if ts is not None:
            # A message that was sent earlier and only found now shows the outage as it was then, so it's edited.
            recorded = await self._outages.message_posted(post, outage, ts, is_newest=ts in sent)
            await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _file(self, post: ClaimedPost, outage: Outage, run_id: int) -> None:
        """Post the log of a run as a file, unless the policy doesn't let the channel see it anymore."""
        allowed = any(is_accounted(one, run_id) and not one.without_logs for one in outage.members)
        run = await self._runs.load_run(RunKey(self._workspace, run_id)) if allowed else None
        if run is None:
            await self._outages.posted(post, outage, DROPPED)
            return
        outcome = await self._files.post_log_file(post, run, await file_thread(self._posts, post, outage.ts))
        if outcome is not None:
            await self._outages.posted(post, outage, outcome)

    async def _thread(self, post: ClaimedPost, outage: Outage, what: str) -> None:
        found = await self._thread_post(outage, what)
        if found is None:
            await self._outages.posted(post, outage, DROPPED)
            return
        message, mention, follows = found
        sent: list[str] = []
        ts = await self._poster.post_message_once(post, message, f"outage:{outage.name}:{what}", outage.ts, sent=sent)
        if ts is None:
            return
        mentions = sum(not isinstance(one, str) for one in mention)
        is_newest = ts in sent if what.startswith("state-") else None
        recorded = await self._outages.posted(post, outage, ts, mentions=mentions, follows=follows, is_newest=is_newest)
        await self._poster.remove_unless_recorded(CardRef(post.channel, ts), recorded)

    async def _thread_post(self, outage: Outage, what: str) -> tuple[Message, Sentence, str] | None:
        """A post in the thread, whom it notifies, and what follows it, or None if there's none to post anymore."""
        if what.startswith("over-"):
            # Not if one of its schedules already fails again, or if none is watched here anymore.
            told = any(one.recovered_by for one in outage.members) or outage.uneditable_since is not None
            is_over = not outage.failing and told
            return (all_recovered(outage), (), "") if is_over else None
        if what.startswith("state-"):
            # Once nothing fails, another line says so.
            is_due = outage.failing and outage.uneditable_since is not None
            return (state_line(await self._retries.read_outage(outage), self._app_url), (), "") if is_due else None
        left = await self._outages.mentions_left(outage.channel, outage.number, MENTIONS_MOST)
        if what.startswith("again-"):
            mention = await self._mentions(outage.failing, left)
            return (failing_again(outage, mention, self._app_url), mention, "") if outage.failing else None
        key = next((one.cause for one in outage.posts if str(one.number) == what), None)
        cause = next((one for one in shared_causes(outage.failing) if one.key == key), None)
        if cause is None:
            return None
        mention = await self._mentions(cause.incidents, left)
        # One log is enough for all of them.
        run = next((one.failed.run for one in cause.incidents if one.failed and not one.without_logs), None)
        return cause_post(cause, mention, self._app_url), mention, f"file-{what}-{run}" if run else ""

    async def _mentions(self, incidents: tuple[Incident, ...], most: int) -> Sentence:
        """Mentions for a post. Schedules that somebody is working on, or that are snoozed, are left out."""
        unhandled = [one for one in incidents if one.on_it is None and one.snooze is None]
        return await self._people.mention_all(unhandled, most)


def _is_withdrawn(outage: Outage, what: str) -> bool:
    """Whether to drop a post because all incidents are closed. `over-` stays if the message can't be edited."""
    if any(one.state is not IncidentState.CLOSED for one in outage.members):
        return False
    hidden = any(one.why == HIDDEN for one in outage.members)
    return hidden or outage.uneditable_since is None or not what.startswith("over-")
