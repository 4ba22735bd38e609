"""The list of files that a run left behind, whose names can be anything."""

from __future__ import annotations

from typing import cast

from bot.core.model.bolt import BoltCommand, Resource, RunStatus
from bot.core.model.run import RunKey
from bot.core.redact.masker import Masker
from bot.flows.artifacts import Artifacts
from bot.flows.ports.bolt import Bolt
from bot.flows.ports.store import Runs, Uploads

SECRET = "hunter2-hunter2"  # noqa: S105 - a made-up one


class Api:
    """A run whose command left one file behind."""

    async def status(self, run: int) -> RunStatus:
        """The run is over."""
        return RunStatus("SUCCESS", (BoltCommand(run, "dbt build", return_code=0),))

    async def resources(self, commands: list[int]) -> dict[int, tuple[Resource, ...]]:
        """A file with a color code inside its name."""
        return {commands[0]: (Resource(1, f"target/{SECRET[:7]}\x1b[0m{SECRET[7:]}.json"),)}


class NoRuns:
    """A store without any runs."""

    async def load_run(self, key: RunKey) -> None:
        """Find no run."""
        assert key


async def test_a_color_code_hides_no_secret_in_a_name() -> None:
    """Color codes are removed before a name is masked."""
    artifacts = Artifacts(
        cast("Bolt", Api()), cast("Runs", NoRuns()), cast("Uploads", None), mask=Masker([SECRET]).mask
    )
    told = str(await artifacts.list_artifacts(RunKey("w", 1)))
    assert "hunter2" not in told
    assert "target/•••.json" in told
    assert "1. " in told
