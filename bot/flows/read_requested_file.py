"""Reading files that people asked for: a command's log or an artifact. The result is masked.

The limits of a log are in `bot.core.logs.log_text`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.core.logs.clean import strip_ansi
from bot.core.logs.log_text import mask_in_pieces
from bot.core.model.upload import Upload
from bot.core.redact.row_values import without_row_values
from bot.core.text.text import cut
from bot.core.views.artifact_list import file_name, safe_name
from bot.core.views.thread import log_file_name
from bot.flows.conclude import LogReader
from bot.flows.dbt_results import fetch
from bot.flows.ports.bolt import Bolt, Downloads

ARTIFACT_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class FileToPost:
    """A file to upload, with masked content. `grows` means that it's the log of a command that is still running."""

    name: str
    title: str
    content: bytes
    grows: bool = False


class NothingToPost(Exception):  # noqa: N818 - an answer, which never leaves the flows
    """There's no file to post; the message says why."""


class RequestedFileReader:
    """Reads the content of requested files. `hide` removes row values before masking."""

    def __init__(
        self,
        bolt: Bolt,
        downloads: Downloads,
        logs: LogReader,
        *,
        mask: Callable[[str], str],
        hide: Callable[[str], str] = without_row_values,
    ) -> None:
        self._bolt = bolt
        self._downloads = downloads
        self._logs = logs
        self._mask = mask
        self._hide = hide

    async def read_file(self, upload: Upload) -> FileToPost:
        """Read the file. Raises BoltError, and NothingToPost with the reason."""
        run_id, resource = upload.key.id, upload.resource
        if resource is None:
            failure_log = await self._logs.read_failure_log(upload.command)
            if failure_log is None:
                raise NothingToPost("it's empty.")
            name = log_file_name(run_id, upload.command.text)
            return FileToPost(name.name, name.title, failure_log.file.text.encode(), grows=not failure_log.ended)
        content = await fetch(self._bolt, self._downloads, resource.id, most=ARTIFACT_MOST)
        try:
            text = content.decode()
        except UnicodeDecodeError:
            # A file that can't be decoded can't be masked either.
            raise NothingToPost("it isn't text; use its download link.") from None
        masked = await asyncio.to_thread(_masked, text, self._mask, self._hide)
        if not masked.strip():
            raise NothingToPost("it's empty.")
        short = safe_name(self._mask(file_name(resource.path)))
        return FileToPost(f"run-{run_id}-{short}", cut(resource.path, 150), masked.encode())


def _masked(text: str, mask: Callable[[str], str], hide: Callable[[str], str]) -> str:
    """Mask a text and remove its row values. Color codes inside a secret would hide it, so they're stripped first."""
    return mask_in_pieces(hide(strip_ansi(text) if "\x1b" in text else text), mask)
