"""Posting files that people asked for: a command's log or an artifact. At least once, within the budget.

`bot.flows.read_requested_file` decides how much of a file is read.
"""

from __future__ import annotations

import structlog

from bot.core.model.errors import (
    BoltDenied,
    BoltError,
    BoltRejected,
    BoltTooLarge,
    ChannelRefused,
    CredentialRefused,
    DownloadRefused,
    SlackRefused,
)
from bot.core.model.sent_message import MessageAbsent, MessageFound, SearchInconclusive
from bot.core.model.upload import Upload
from bot.core.text.message import Message
from bot.core.text.text import Code, Sentence, cut, size
from bot.core.views.artifact_list import file_name
from bot.flows.claimed_post import ClaimedPost
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat
from bot.flows.ports.store import PostLane, Uploads
from bot.flows.post_once import post_once
from bot.flows.poster import MessagePoster
from bot.flows.private_replies import PrivateReplies
from bot.flows.read_requested_file import FileToPost, NothingToPost, RequestedFileReader
from bot.flows.share_file import share_upload, start_upload, why_not_shared

log = structlog.get_logger()

# Slack's limit for snippets, which are shown inline.
SNIPPET_MOST = 1_000_000
COMMAND_SHOWN = 200
AWAY_AGAIN_S = 15.0
GIVEN_UP_S = 600.0


class FilePoster:
    """Sends a claimed `upload/<name>`. `settle_s`: how long a call with a lost response may still take effect."""

    def __init__(
        self,
        chat: Chat,
        posts: PostLane,
        uploads: Uploads,
        files: RequestedFileReader,
        answers: PrivateReplies,
        *,
        bot_name: str,
        settle_s: float,
    ) -> None:
        self._chat = chat
        self._posts = posts
        self._uploads = uploads
        self._files = files
        self._answers = answers
        self._poster = MessagePoster(chat, posts, settle_s=settle_s)
        self._bot_name = bot_name
        self._settle_s = settle_s

    async def post_requested_file(self, lease: Lease, urgency: str, channel: str, name: str) -> None:
        """Post a file, or tell the person who asked why it can't be posted."""
        post = ClaimedPost(lease, urgency, channel, f"upload:{name}", "post")
        upload = await self._uploads.load_upload(name)
        if upload is None:
            await self._uploads.finish_upload(post, name, "gone")
            return
        try:
            await self._poster.check_reachable(channel)
            await self._post(post, upload)
        except CredentialRefused as refused:
            log.error("Slack rejected a file", why=refused.code, method=refused.method)
            await self._give_up(post, upload, f"{why_not_shared(refused)}.")
        except ChannelRefused as refused:
            await self._give_up(post, upload, self._cannot_post(refused))
        except SlackRefused as refused:
            await self._give_up(post, upload, f"{why_not_shared(refused)}.")

    async def _post(self, post: ClaimedPost, upload: Upload) -> None:
        try:
            # If the file may already have been posted, search for it before reading it.
            half = (await self._posts.attempt(post, "look")).word != "go"
            file = None if half else await self._files.read_file(upload)
            ts = await self._once(post, upload, file)
        except NothingToPost as nothing:
            await self._give_up(post, upload, str(nothing))
        except BoltTooLarge as large:
            where = "open it in Bolt" if upload.resource is None else "use its download link"
            await self._give_up(post, upload, f"it's larger than the {size(large.most)} I can read; {where}.")
        except (BoltRejected, DownloadRefused, BoltDenied) as gone:
            await self._give_up(post, upload, f"Bolt didn't return it: {gone.sentence}")
        except BoltError as away:
            if upload.asked_at is None or post.lease.since_s(upload.asked_at) > GIVEN_UP_S:
                await self._give_up(post, upload, f"{away.sentence} Try again later.")
            else:
                # Nothing was sent, even if an attempt was recorded.
                await self._posts.put_back(post, delay_s=AWAY_AGAIN_S, record="")
        else:
            if ts is not None:
                await self._uploads.finish_upload(post, upload.id, "part" if file and file.grows else "ok")

    async def _once(self, post: ClaimedPost, upload: Upload, read: FileToPost | None) -> str | None:
        channel = upload.asker.channel
        # If there's no card in this channel, the file is posted where the person asked for it.
        thread = upload.thread.ts if upload.thread else upload.asker.thread or None

        async def send() -> str:
            file = read or await self._files.read_file(upload)
            snippet = len(file.content) <= SNIPPET_MOST
            file_id = await start_upload(self._chat, file.name, file.content, snippet=snippet)
            await self._uploads.note_file(upload.id, file_id)
            comment = () if upload.thread else _comment(upload)
            await share_upload(
                self._chat,
                post.lease,
                channel,
                thread,
                file_id,
                file.title,
                comment=comment,
                settle_s=self._settle_s,
            )
            return file_id

        async def find(since: float) -> MessageFound | MessageAbsent | SearchInconclusive:
            if upload.file_id is None:
                return MessageAbsent()
            return await self._chat.find_upload(channel, thread, upload.file_id, since=since)

        return await post_once(self._posts, post, send=send, find=find, settle_s=self._settle_s, twice_is_better=True)

    async def _give_up(self, post: ClaimedPost, upload: Upload, why: str) -> None:
        log.info("a file wasn't posted", run=upload.key.id, command=upload.command.id, why=why)
        told = await self._answers.reply_privately(
            upload.asker, Message((*_what(upload), " wasn't posted because ", why))
        )
        if told or upload.asked_at is None or post.lease.since_s(upload.asked_at) > GIVEN_UP_S:
            await self._uploads.finish_upload(post, upload.id, "no")
        else:
            # Nothing was posted, so try once more to post it or to explain why not.
            await self._posts.put_back(post, delay_s=AWAY_AGAIN_S, record="")

    def _cannot_post(self, refused: ChannelRefused) -> str:
        if refused.code == "is_archived":
            return "this channel is archived."
        if refused.code.startswith("restricted_action"):
            return "I'm not allowed to post in this channel."
        return f"I can't post in this channel. Invite me with /invite {self._bot_name}, then try again."


def _what(upload: Upload) -> Sentence:
    if upload.resource is not None:
        return (Code(file_name(upload.resource.path)), f" from run {upload.key.id}")
    return ("The log of ", Code(cut(upload.command.text, COMMAND_SHOWN)), f" in run {upload.key.id}")


def _comment(upload: Upload) -> Sentence:
    return (*_what(upload), ":")
