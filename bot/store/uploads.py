"""Requested files: one hash each, which expires, and an item in the lane of posts.

`bot.flows.logs` limits how many wait in a channel, and `bot.flows.post_file` posts them.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.run import CardRef
from bot.core.model.upload import Upload, UploadAnswer, UploadOutcome
from bot.flows.claimed_post import ClaimedPost
from bot.store.due_sets import from_microseconds
from bot.store.lanes import parse_card_id
from bot.store.record_json import from_json, to_json
from bot.store.scripts import Scripts

REMEMBERED_S = 86_400


class Uploads:
    """Implements the flows' `Uploads` port."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def add_upload(self, upload: Upload, *, posts_it_anyway: bool, most: int) -> UploadAnswer:
        """Record that someone asked for a file.

        `posts_it_anyway`: the end of the run posts the same file to its thread.
        """
        word, card = await self._scripts.run(
            "ask_upload",
            upload.id,
            upload.key.name,
            upload.asker.channel,
            to_json(upload),
            most,
            REMEMBERED_S,
            int(posts_it_anyway),
        )
        return UploadAnswer(word, parse_card_id(card))

    async def load_upload(self, name: str) -> Upload | None:
        """Load a requested file. Returns None if its record has expired."""
        record = await self._scripts.ask(self._scripts.redis.hgetall(self._scripts.key("upload", name)))
        if not record.get("body"):
            return None
        thread: CardRef | None = parse_card_id(record.get("card") or "")
        asked_at = from_microseconds(record["asked_us"])
        return replace(
            from_json(Upload, record["body"]), thread=thread, file_id=record.get("file_id"), asked_at=asked_at
        )

    async def note_file(self, name: str, file_id: str) -> None:
        """Store the id of an uploaded file before it's shared, so that it can be found if the reply is lost."""
        record = self._scripts.key("upload", name)
        await self._scripts.ask(self._scripts.redis.hset(record, "file_id", file_id))
        # The record may have expired while the upload waited.
        await self._scripts.ask(self._scripts.redis.expire(record, REMEMBERED_S))

    async def finish_upload(self, post: ClaimedPost, name: str, outcome: UploadOutcome) -> str:
        """Record that a file was posted (`ok`) or never will be (another word)."""
        lease = post.lease
        return str(
            await self._scripts.run(
                "finish_upload", name, post.urgency, post.channel, lease.member, lease.token, outcome
            )
        )
