"""Posting the log of a failed command as a file in a thread, or the reason why it isn't attached.

`bot.core.logs.log_text` shortens a log that is too long for a file.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from bot.core.model.errors import (
    BoltError,
    BoltRejected,
    BoltTooLarge,
    ChannelRefused,
    SlackNotSent,
    SlackOutcomeUnknown,
    SlackRefused,
    SlackThrottled,
)
from bot.core.model.run import CardRef, Run
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.text.text import size
from bot.core.views.thread import log_file_name, no_file_post
from bot.flows.claimed_post import ClaimedPost
from bot.flows.conclude import LogReader
from bot.flows.delivery_settings import DeliverySettings
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane, Runs
from bot.flows.post_once import post_once
from bot.flows.poster import MessagePoster
from bot.flows.share_file import share_upload, start_upload, why_not_shared

log = structlog.get_logger()

LOG_AGAIN_S = 30.0
FILE_GIVEN_UP_S = 86_400.0


@dataclass(frozen=True, slots=True)
class FileThread:
    """The thread of `message` in which a file is posted.

    `file_id` is the file that an earlier attempt uploaded, or None if there's none; `note` records a file's id before
    the file is shared. `joins`: the bot joins the channel if it isn't in it, which it never does for reports that
    nobody asked for.
    """

    message: CardRef
    file_id: str | None
    note: Callable[[str], Awaitable[None]]
    joins: bool = True


async def file_thread(posts: PostLane, post: ClaimedPost, ts: str) -> FileThread:
    """The thread of a message that isn't a card. The file is recorded with the attempts to post it."""
    file_id = await posts.attachment_of(post)
    return FileThread(CardRef(post.channel, ts), file_id, lambda new: posts.note_attachment(post, new), joins=False)


class LogFilePoster:
    """Posts log files, each once."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        runs: Runs,
        logs: LogReader,
        poster: MessagePoster,
        settings: DeliverySettings,
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._runs = runs
        self._logs = logs
        self._poster = poster
        self._settings = settings

    async def post_log_file(self, post: ClaimedPost, run: Run, thread: FileThread) -> str | None:
        """Post the log of a run's failed command.

        Returns its outcome (the file's id, or why it wasn't posted), or None if it was put back for later. Raises
        SlackRefused only for a channel that is known to be unreachable, or that the bot may not join.
        """
        command = run.end.failed if run.end else None
        if command is None:
            return "nothing"
        await self._poster.check_reachable(thread.message.channel)
        try:
            failure_log = await self._logs.read_failure_log(command)
        except BoltTooLarge as large:
            return await self._no_file(post, thread, run, f"it's larger than the {size(large.most)} I can read", "lost")
        except BoltRejected:
            return await self._no_file(post, thread, run, "Bolt no longer has it", "lost")
        except BoltError:
            return await self._file_later(post, thread, run)
        if failure_log is None:
            return "empty"
        try:
            file_id = await self._upload(post, thread, run, failure_log.file.text)
        except SlackRefused as refused:
            if isinstance(refused, ChannelRefused) and not thread.joins:
                raise
            # Includes a missing scope: uploads need one of their own, and a bot without it still announces every end.
            return await self._no_file(post, thread, run, why_not_shared(refused), refused.code)
        if file_id is not None:
            self._logs.forget(command)
        return file_id

    async def _file_later(self, post: ClaimedPost, thread: FileThread, run: Run) -> str | None:
        """Retry the file later because Bolt can't be reached, but not forever."""
        if await self._runs.final_since_s(run.key) > FILE_GIVEN_UP_S:
            return await self._no_file(post, thread, run, "Bolt didn't return it for a day", "lost")
        await self._posts.put_back(post, delay_s=LOG_AGAIN_S)
        return None

    async def _upload(self, post: ClaimedPost, thread: FileThread, run: Run, text: str) -> str | None:
        name = log_file_name(run.id, run.end.failed.text if run.end and run.end.failed else "")
        channel, ts = thread.message.channel, thread.message.ts

        async def send() -> str:
            file_id = await start_upload(self._chat, name.name, text.encode(), snippet=True)
            await thread.note(file_id)
            await share_upload(
                self._chat,
                post.lease,
                channel,
                ts,
                file_id,
                name.title,
                settle_s=self._settings.settle_s,
                joins=thread.joins,
            )
            return file_id

        async def find(since: float) -> MessageFound | MessageAbsent | SearchInconclusive:
            if thread.file_id is None:
                # Nothing was uploaded, or the upload isn't on record because Redis was restored from a backup.
                return await self._chat.find_file_named(channel, ts, name.name, since=since)
            return await self._chat.find_upload(channel, ts, thread.file_id, since=since)

        return await post_once(
            self._posts, post, send=send, find=find, settle_s=self._settings.settle_s, twice_is_better=True
        )

    async def _no_file(self, post: ClaimedPost, thread: FileThread, run: Run, why: str, outcome: str) -> str | None:
        """Say in the thread, only once even if a response is lost, why the log isn't attached and where to read it."""
        channel, ts = thread.message.channel, thread.message.ts
        log.warning("a log file can't be posted", run=run.id, channel=channel, why=outcome)
        message, key = no_file_post(run, why, self._settings.app_url, self._settings.slash_command), f"nofile:{run.id}"
        try:
            found = await self._chat.find_message(channel, key, since=float(ts), thread_ts=ts)
            if not isinstance(found, MessageFound):
                await self._poster.post_with_fallback(channel, message, key, ts)
        except (SlackNotSent, SlackThrottled, SlackOutcomeUnknown) as away:
            # Retry the file once more. This notice is then searched for first.
            pause_s = away.retry_after_s if isinstance(away, SlackThrottled) else LOG_AGAIN_S
            await self._posts.put_back(post, delay_s=pause_s, record="")
            return None
        except SlackRefused as refused:
            log.warning("Slack refused the message that says the log isn't attached", run=run.id, why=refused.code)
        return outcome
