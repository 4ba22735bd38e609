"""The identity of this build: its version, and the git revision if that's known."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from prometheus_client import Gauge

BUILD = Gauge(
    "bolt_bot_build_info", "Always 1; the labels identify the build.", ("version", "revision", "python_version")
)
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class BuildInfo:
    """A build. `revision` is empty if it isn't known."""

    version: str
    revision: str

    @classmethod
    def of(cls, revision: str | None = None) -> BuildInfo:
        """Describe this build. `revision` is the git revision that was recorded when it was built, if any."""
        return cls(metadata.version("bolt-bot"), revision or clone_revision(ROOT))

    def publish(self) -> None:
        """Set the metric."""
        BUILD.labels(self.version, self.revision, platform.python_version()).set(1)


def clone_revision(root: Path) -> str:
    """Return the revision that is checked out in the git clone at `root`, or an empty string if there's no clone."""
    git = root / ".git"
    try:
        head = (git / "HEAD").read_text(encoding="ascii").strip()
        if head.startswith("ref: "):
            head = (git / head.removeprefix("ref: ")).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return head[:12]
