"""Identifying the build."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from bot.build_info import BUILD, BuildInfo, clone_revision

REVISION = "0123456789abcdef0123456789abcdef01234567"


def test_a_recorded_revision_comes_first() -> None:
    """A recorded revision comes first: an image has no clone, and a clone around a package may be another project's."""
    build = BuildInfo.of("abc123")
    assert build == BuildInfo(metadata.version("bolt-bot"), "abc123")
    build.publish()
    (sample,) = [one for family in BUILD.collect() for one in family.samples if one.labels["revision"] == "abc123"]
    assert (sample.value, sample.labels["version"]) == (1, build.version)


def test_a_clone_knows_what_is_checked_out(tmp_path: Path) -> None:
    """A clone's revision is known on a branch and with a detached HEAD."""
    head = tmp_path / ".git" / "HEAD"
    head.parent.mkdir()
    head.write_text(f"{REVISION}\n")
    assert clone_revision(tmp_path) == REVISION[:12]
    head.write_text("ref: refs/heads/main\n")
    assert clone_revision(tmp_path) == ""
    branch = tmp_path / ".git" / "refs" / "heads" / "main"
    branch.parent.mkdir(parents=True)
    branch.write_text(f"{REVISION}\n")
    assert clone_revision(tmp_path) == REVISION[:12]


def test_without_a_clone_it_is_unknown(tmp_path: Path) -> None:
    """Without a clone, the revision is empty."""
    assert clone_revision(tmp_path) == ""
