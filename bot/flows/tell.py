"""Telling: what is posted. The card of a new start, and in its thread the end and the failed command's log."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from bot.core.card import request_card, run_url
from bot.core.errors import (
    BoltError,
    BoltRejected,
    BoltTooLarge,
    ChannelRefused,
    ContentRefused,
    CredentialRefused,
    FileRefused,
    SlackError,
    SlackNotSent,
    SlackRefused,
)
from bot.core.message import Message, Paragraph
from bot.core.request import Request, State
from bot.core.run import CardRef, Run
from bot.core.text import Link
from bot.core.thread import end_post, late_log_post, log_file_name
from bot.flows.conclude import LogReader
from bot.flows.lease import Lease
from bot.flows.once import Unresolved, post_once
from bot.flows.ports import Absent, Card, Chat, Found, Post, Posts, Requests, Runs, Unknown
from bot.flows.start import expired

log = structlog.get_logger()

LOG_AGAIN_S = 30.0
FILE_GIVEN_UP_S = 86_400.0
CREDENTIAL_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class TellRules:
    """`call_s`: the whole time of a Slack call; `settle_s`: how long one whose reply was lost may still take effect."""

    app_url: str
    bot_name: str = "@Bolt"
    deadline_s: float = 60
    call_s: float = 3.3
    settle_s: float = 4


class Tell:
    """Sends a claimed post."""

    def __init__(
        self, chat: Chat, posts: Posts, requests: Requests, runs: Runs, logs: LogReader, rules: TellRules
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._requests = requests
        self._runs = runs
        self._logs = logs
        self._rules = rules

    async def send(self, lease: Lease, item: str, urgency: str, channel: str) -> None:
        """Send one post: `start/<request>`, or `end/`, `late/` or `file/<card>`."""
        kind, _, name = item.partition("/")
        if kind == "start":
            await self._start(Post(lease, urgency, channel, f"req:{name}", "post"), name)
            return
        post = Post(lease, urgency, channel, f"card:{name}", kind)
        card = await self._posts.load(name)
        run = await self._runs.load(card.run) if card and card.run else None
        if card is None or run is None:
            log.error("a post belongs to nothing any more", item=item)
            await self._posts.posted(post, name, "gone")
            return
        try:
            await {"end": self._end, "late": self._late, "file": self._file}[kind](post, card, run)
        except CredentialRefused as refused:
            log.error("Slack refuses my token", why=refused.code, method=refused.method)
            await self._posts.put_back(post, delay_s=CREDENTIAL_AGAIN_S, record="")

    # --- the card of a new start ---

    async def _start(self, post: Post, request_id: str) -> None:
        request = await self._requests.load(request_id)
        if request is None or request.state is not State.LOOKED:
            await self._posts.refuse(post, request_id, "")
            return
        try:
            if post.lease.since_s(request.asked_at) > self._rules.deadline_s:
                ts = await self._find_late(post, request)
            else:
                ts = await self._post_start(post, request)
        except Unresolved:
            why = "Slack did not say whether my card was posted. Nothing was started; please ask again."
            await self._posts.refuse(post, request_id, why)
        except ChannelRefused as refused:
            log.info("a card cannot be shown", request=request_id, channel=request.channel, why=refused.code)
            await self._posts.refuse(post, request_id, self._cannot_post(refused))
        except SlackRefused as refused:
            log.error("Slack refused a card", request=request_id, why=refused.code)
            why = f"Slack refused my card ({refused.code}). Nothing was started; please tell whoever runs this bot."
            await self._posts.refuse(post, request_id, why)
        else:
            if ts is not None:
                await self._carded(post, request, ts)

    async def _find_late(self, post: Post, request: Request) -> str | None:
        """Too late for a card. One that was posted already, its reply lost, is found: it is removed with the refusal."""
        attempt = await self._posts.attempt(post, "look")
        if attempt.word == "half":
            try:
                found = await self._chat.find(request.channel, request.key, since=attempt.at)
            except SlackError:
                await self._posts.put_back(post, delay_s=self._rules.settle_s)
                return None
            if isinstance(found, Found):
                return found.ts
        await self._posts.refuse(post, request.id, expired(self._rules.deadline_s))
        return None

    async def _post_start(self, post: Post, request: Request) -> str | None:
        async def send() -> str:
            message = request_card(request, self._rules.app_url)
            try:
                return await self._chat.post(request.channel, message, key=request.key)
            except ChannelRefused:
                await self._chat.join(request.channel)
            # Two calls have taken their time of the lease; a third one may not outlast it.
            if not post.lease.good(self._rules.call_s):
                raise SlackNotSent("chat.postMessage")
            return await self._chat.post(request.channel, message, key=request.key)

        return await post_once(
            self._posts,
            post,
            send=send,
            find=lambda since: self._chat.find(request.channel, request.key, since=since),
            settle_s=self._rules.settle_s,
            twice_is_better=False,
        )

    async def _carded(self, post: Post, request: Request, ts: str) -> None:
        card = CardRef(request.channel, ts)
        if await self._posts.carded(post, request.id, request.team, card):
            return
        log.warning("another replica took this start over; its card stays", request=request.id)
        await self._remove(card)

    def _cannot_post(self, refused: ChannelRefused) -> str:
        if refused.code == "is_archived":
            return "This channel is archived, so I can't post in it. Nothing was started."
        if refused.code.startswith("restricted_action"):
            return "I am not allowed to post in this channel. Nothing was started; ask from another one."
        return f"I can't post in this channel: invite me with /invite {self._rules.bot_name}, then try again. Nothing was started."

    # --- the thread ---

    async def _end(self, post: Post, card: Card, run: Run) -> None:
        message, key = end_post(run, self._rules.app_url), f"end:{run.id}"
        follow = f"file/{card.id}" if run.end and run.end.log == "read" else ""
        try:
            await self._reply(post, card, message, key, follow=follow)
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            outcome = await self._elsewhere(card, run, message, key, refused)
            if outcome is None:
                await self._posts.put_back(post, delay_s=CREDENTIAL_AGAIN_S, record="")
            else:
                await self._posts.posted(post, card.id, outcome, follow=follow)

    async def _late(self, post: Post, card: Card, run: Run) -> None:
        follow = f"file/{card.id}" if run.end and run.end.log == "read" else ""
        message = late_log_post(run, self._rules.app_url)
        try:
            await self._reply(post, card, message, f"late:{run.id}", follow=follow)
        except CredentialRefused:
            raise
        except SlackRefused as refused:
            log.warning("a late log cannot be posted", card=card.id, why=refused.code)
            await self._posts.posted(post, card.id, refused.code)

    async def _reply(self, post: Post, card: Card, message: Message, key: str, *, follow: str) -> None:
        channel, thread = card.ref.channel, card.ref.ts
        ts = await post_once(
            self._posts,
            post,
            send=lambda: self._post(channel, message, key, thread),
            find=lambda since: self._chat.find(channel, key, since=since, thread_ts=thread),
            settle_s=self._rules.settle_s,
            twice_is_better=True,
        )
        if ts is None:
            return
        known = await self._posts.posted(post, card.id, ts, follow=follow)
        if known not in {"ok", f"done:{ts}"}:
            await self._remove(CardRef(channel, ts))

    async def _post(self, channel: str, message: Message, key: str, thread: str | None) -> str:
        try:
            return await self._chat.post(channel, message, key=key, thread_ts=thread)
        except ContentRefused as refused:
            log.error("Slack refused a post's blocks; its text alone is posted", key=key, why=refused.code)
            return await self._chat.post(channel, Message(message.text), key=key, thread_ts=thread)

    async def _elsewhere(self, card: Card, run: Run, message: Message, key: str, refused: SlackRefused) -> str | None:
        """An end that its thread refuses goes to the channel, then to the asker, then to an error log: never nowhere."""
        try:
            return await self._post(card.ref.channel, message, key, None)
        except SlackRefused:
            log.info("a thread and its channel refuse an end", card=card.id, why=refused.code)
        except SlackError:
            return None
        if run.facts.asked_by:
            where = Link(run_url(self._rules.app_url, run.id), f"run {run.id}")
            text = (*message.text, " I could not post this in its channel; see ", where, ".")
            try:
                return await self._chat.direct(
                    run.facts.asked_by, Message(text, (Paragraph(text), *message.blocks[1:])), key=key
                )
            except SlackRefused as also:
                refused = also
            except SlackError:
                return None
        log.error("an end could be told nowhere", run=run.id, state=run.seen.state, card=card.id, why=refused.code)
        return "nowhere"

    # --- the file ---

    async def _file(self, post: Post, card: Card, run: Run) -> None:
        command = run.end.failed if run.end else None
        if command is None:
            await self._posts.posted(post, card.id, "nothing")
            return
        try:
            digest = await self._logs.read(command)
        except (BoltRejected, BoltTooLarge) as gone:
            log.warning("a log file cannot be read", card=card.id, why=str(gone))
            await self._posts.posted(post, card.id, "lost")
            return
        except BoltError:
            await self._file_later(post, card, run)
            return
        if digest is None:
            await self._posts.posted(post, card.id, "empty")
            return
        try:
            ts = await self._upload(post, card, run, digest.file.text)
        except CredentialRefused as refused:
            # Uploading has a scope of its own: a bot that lacks it still tells every end.
            await self._no_file(post, card, refused)
        except (FileRefused, SlackRefused) as refused:
            await self._no_file(post, card, refused)
        else:
            if ts is not None:
                await self._posts.posted(post, card.id, ts)
                self._logs.forget(command)

    async def _file_later(self, post: Post, card: Card, run: Run) -> None:
        """Bolt is away: the file waits for it, but not for ever."""
        if await self._runs.final_since_s(run.key) > FILE_GIVEN_UP_S:
            log.warning("a log file could not be read for a day", card=card.id)
            await self._posts.posted(post, card.id, "lost")
        else:
            await self._posts.put_back(post, delay_s=LOG_AGAIN_S)

    async def _upload(self, post: Post, card: Card, run: Run, text: str) -> str | None:
        name = log_file_name(run)
        channel, thread = card.ref.channel, card.ref.ts

        async def send() -> str:
            file_id = await self._chat.start_upload(name.name, text.encode(), snippet=True)
            await self._posts.note_file(card.id, file_id)
            await self._chat.share_upload(channel, thread, file_id, name.title)
            return file_id

        async def find(since: float) -> Found | Absent | Unknown:
            if card.file_id is None:
                return Absent()
            return await self._chat.find_upload(channel, thread, card.file_id, since=since)

        return await post_once(
            self._posts, post, send=send, find=find, settle_s=self._rules.settle_s, twice_is_better=True
        )

    async def _no_file(self, post: Post, card: Card, refused: SlackRefused) -> None:
        log.warning("a log file cannot be posted", card=card.id, why=refused.code)
        await self._posts.posted(post, card.id, refused.code)

    async def _remove(self, message: CardRef) -> None:
        try:
            await self._chat.delete(message.channel, message.ts)
        except SlackError as error:
            log.error("a message that stands twice could not be removed", ts=message.ts, why=str(error))
