"""Artifacts of a run's commands: a list, a fresh link for one person, or the file in the thread.

`bot.flows.read_requested_file` decides how much of a file is posted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from bot.core.logs.clean import strip_ansi
from bot.core.model.asker import Asker
from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.errors import BoltError, BoltRejected
from bot.core.model.run import Run, RunKey, observe
from bot.core.model.upload import Upload
from bot.core.runs.progress import numbered
from bot.core.text.message import LABEL_MOST, Button, Buttons, Message, Paragraph
from bot.core.text.text import Code, Sentence, cut
from bot.core.views.artifact_list import artifact_list, file_name
from bot.core.views.buttons import ARTIFACT_FILE, ARTIFACT_OPEN, PartButton, part_value
from bot.flows.logs import WAITING_MOST, promised
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs, Uploads

# Slack's limit for the URL of a button.
URL_MOST = 3000
_ADDRESS = re.compile(r"https?://[^\s<>|\"]+")
PATH_SHOWN = 200


class Artifacts:
    """Answers `artifacts <run id>` and its buttons."""

    def __init__(self, bolt: Bolt, runs: Runs, uploads: Uploads, *, mask: Callable[[str], str]) -> None:
        self._bolt = bolt
        self._runs = runs
        self._uploads = uploads
        self._mask = mask

    async def list_artifacts(self, key: RunKey, page: int = 0) -> Message:
        """Show a page of a run's artifacts, or say why Bolt doesn't return them."""
        try:
            seen = observe(await self._bolt.status(key.id), self._mask)
            run = replace(await self._runs.load_run(key) or Run(key), seen=seen)
            found = await self._bolt.resources([command.id for command in seen.commands])
        except BoltRejected:
            return Message((f"There's no run {key.id} in Bolt. Check the number.",))
        except BoltError as error:
            return Message((f"{error.sentence} Try again in a minute.",))
        files = [
            (command, Resource(one.id, self._shown(one.path)))
            for command in reversed(seen.commands)
            for one in found.get(command.id, ())
        ]
        return artifact_list(
            key, seen.state, files, page, numbers={one.id: at for at, one in numbered(run) if at is not None}
        )

    def _shown(self, path: str) -> str:
        """Make a path safe to show on a button: its author could have used any characters."""
        return self._mask(" ".join(strip_ansi(path).split()))

    async def download_link(self, part: PartButton) -> Message:
        """Get a fresh download link, which is shown on a button to the person who asked, and never stored or logged."""
        name: Sentence = (Code(cut(part.path, PATH_SHOWN)), f" from run {part.key.id}")
        try:
            url = await self._bolt.resource_url(part.resource)
        except BoltRejected:
            url = None
        except BoltError as error:
            return Message((*name, f": {error.sentence} Click again in a minute."))
        if not url:
            return Message(("Bolt no longer has ", *name, "."))
        post = Button(ARTIFACT_FILE, "Post it in the thread", value=part_value(part))
        if len(url) > URL_MOST or not _ADDRESS.fullmatch(url):
            text: Sentence = ("Slack can't show Bolt's link to ", *name, ", but I can post the file.")
            return Message(text, (Paragraph(text), Buttons((post,))))
        text = ("The link to ", *name, " expires soon.")
        # The URL is on a button, because its signature is a secret, which the masker would remove from text.
        download = Button(ARTIFACT_OPEN, "Download", url=url, spoken=cut(f"Download {part.path}", LABEL_MOST))
        return Message(text, (Paragraph(text), Buttons((download, post))))

    async def post_artifact(self, asker: Asker, part: PartButton) -> Message:
        """Request that a file be posted. Raises StoreUnavailable."""
        resource = Resource(part.resource, part.path)
        name = f"{part.key.name}:{part.command}:{part.resource}:{asker.channel}"
        upload = Upload(name, part.key, asker, BoltCommand(part.command, part.text), resource)
        answer = await self._uploads.add_upload(upload, posts_it_anyway=False, most=WAITING_MOST)
        return promised((Code(file_name(part.path)),), upload, answer)
