"""Sharing an uploaded file, joining the channel if needed, and explaining why a file couldn't be shared.

`ARTIFACT_MOST` in `bot.flows.read_requested_file` limits how much of a file is read.
"""

from __future__ import annotations

from bot.core.model.errors import (
    ChannelRefused,
    CredentialRefused,
    FileRefused,
    ScopeMissing,
    SlackNotSent,
    SlackRefused,
)
from bot.core.text.text import Sentence
from bot.flows.lease import Lease
from bot.flows.ports.slack import Chat

# Refusals of a snippet that may still be accepted as a plain file.
ONLY_AS_FILE = frozenset({"unknown_snippet_type", "snippet_too_large"})
WHY = {
    "file_uploads_disabled": "file uploads are turned off in this workspace",
    "file_uploads_except_images_disabled": "only images can be uploaded in this workspace",
    "storage_limit_reached": "this workspace has no storage left for files",
    "file_type_not_allowed": "this workspace doesn't allow files of this type",
    "file_upload_size_restricted": "this workspace doesn't allow files this large",
    "slack_connect_file_link_sharing_blocked": "files can't be shared in this channel",
    "is_archived": "this channel is archived",
}


async def start_upload(chat: Chat, filename: str, content: bytes, *, snippet: bool) -> str:
    """Upload a file's bytes and return its id.

    Uploads a plain file if Slack doesn't accept it as a snippet. Raises SlackError.
    """
    try:
        return await chat.start_upload(filename, content, snippet=snippet)
    except FileRefused as refused:
        if not snippet or refused.code not in ONLY_AS_FILE:
            raise
        return await chat.start_upload(filename, content, snippet=False)


async def share_upload(
    chat: Chat,
    lease: Lease,
    channel: str,
    thread: str | None,
    file_id: str,
    title: str,
    *,
    comment: Sentence = (),
    settle_s: float,
    joins: bool = True,
) -> None:
    """Share an uploaded file. With `joins`, the bot first joins a public channel that it isn't in. Raises SlackError."""
    try:
        await chat.share_upload(channel, thread, file_id, title, comment=comment)
    except ChannelRefused as refused:
        if refused.code != "not_in_channel" or not joins:
            raise
        await chat.join_channel(channel)
        # The calls so far have used up part of the lease, and another call must not outlast the lease.
        if not lease.is_valid_for(settle_s):
            raise SlackNotSent("files.completeUploadExternal") from refused
        await chat.share_upload(channel, thread, file_id, title, comment=comment)


def why_not_shared(refused: SlackRefused) -> str:
    """Explain why Slack didn't accept a file, as the end of a sentence with "because"."""
    if isinstance(refused, ScopeMissing):
        return (
            "I don't have the files:write permission. Ask whoever runs this bot to reinstall the app from its manifest"
        )
    if isinstance(refused, CredentialRefused):
        return f"Slack rejected my token ({refused.code}). Tell whoever runs this bot"
    if isinstance(refused, ChannelRefused) and refused.code not in WHY:
        return f"Slack doesn't let me post files in this channel ({refused.code})"
    return WHY.get(refused.code, f"Slack refused it ({refused.code})")
