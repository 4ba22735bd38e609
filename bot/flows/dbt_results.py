"""Reading dbt's own results for a command from its artifacts. Ends are announced without them if need be.

`bot.core.logs.run_results` reads the files.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from bot.core.logs.run_results import NodeResult, Results, read_results
from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.errors import BoltError, BoltRejected, DownloadRefused
from bot.flows.ports.bolt import Bolt, Downloads

log = structlog.get_logger()

# Reading a larger file would delay the acknowledgement of commands.
FILE_MOST = 24_000_000
READ_AT_ONCE = 2
RUN_RESULTS, SOURCES = "run_results.json", "sources.json"


class ResultsReader:
    """Reads run_results.json, or sources.json of `dbt source freshness`."""

    def __init__(self, bolt: Bolt, downloads: Downloads) -> None:
        self._bolt = bolt
        self._downloads = downloads
        self._at_once = asyncio.Semaphore(READ_AT_ONCE)

    async def read_command_results(
        self, command: BoltCommand, resources: Sequence[Resource] | None, *, within_s: float
    ) -> Results | None:
        """Read a command's results. Returns None if there are none, or if they don't arrive in time. Raises nothing.

        `resources` are the command's artifacts, or None if unknown.
        """
        if within_s <= 0 or command.started_at is None or command.ended_at is None:
            return None
        try:
            async with asyncio.timeout(within_s), self._at_once:
                if resources is None:
                    resources = (await self._bolt.resources([command.id])).get(command.id, ())
                found = account_of(command, resources)
                if found is None:
                    return None
                content = await self._fetch(found)
                return await asyncio.to_thread(
                    read_results, content, not_before=command.started_at, not_after=command.ended_at
                )
        except (BoltError, TimeoutError) as error:
            log.info("dbt's own results weren't used", command=command.id, why=str(error) or "out of time")
        except Exception as error:  # noqa: BLE001 - whatever a file contains, the end is announced
            log.warning("dbt's own results couldn't be read", command=command.id, why=repr(error))
        return None

    async def warned(self, commands: Sequence[BoltCommand], *, within_s: float) -> list[NodeResult]:
        """The nodes that warned in these commands of one run; none if the files aren't read in time. Raises nothing."""
        try:
            async with asyncio.timeout(within_s):
                files = await self._bolt.resources([command.id for command in commands])
        except (BoltError, TimeoutError) as error:
            log.info("dbt's warnings weren't read", why=str(error) or "out of time")
            return []
        read = [
            self.read_command_results(command, files.get(command.id, ()), within_s=within_s) for command in commands
        ]
        return [node for results in await asyncio.gather(*read) if results for node in results.warned]

    async def _fetch(self, resource: Resource) -> bytes:
        try:
            return await fetch(self._bolt, self._downloads, resource.id, most=FILE_MOST)
        except DownloadRefused:
            # The URL may have expired, so request a new one.
            return await fetch(self._bolt, self._downloads, resource.id, most=FILE_MOST)


async def fetch(bolt: Bolt, downloads: Downloads, resource_id: int, *, most: int) -> bytes:
    """Download an artifact from a URL that Bolt issues for this download. Raises BoltError."""
    url = await bolt.resource_url(resource_id)
    if not url:
        raise BoltRejected(())
    return await downloads.fetch(url, most=most)


def may_warn(command: BoltCommand) -> bool:
    """Whether a successful command may have warnings to name: only tests and freshness checks warn."""
    words = command.text.split()
    return words[:1] == ["dbt"] and bool({"build", "test", "freshness"} & set(words[1:]))


def account_of(command: BoltCommand, resources: Sequence[Resource]) -> Resource | None:
    """The artifact with dbt's results for a command, or None if there is none."""
    words = command.text.split()
    names = (SOURCES, RUN_RESULTS) if "freshness" in words else (RUN_RESULTS,)
    for name in names:
        found = [one for one in resources if one.path.rpartition("/")[2] == name]
        if found:
            # If there are several dbt projects in a checkout, the one nearest to its root.
            return min(found, key=lambda one: (one.path.count("/"), one.path))
    return None
