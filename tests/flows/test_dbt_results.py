"""dbt's own account of a command is read in time, or the end is reported without it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.model.bolt import BoltCommand, Resource
from bot.core.model.errors import BoltNotSent, BoltRejected, BoltTooLarge, BotError, DownloadRefused
from bot.flows.dbt_results import ResultsReader, account_of, fetch, may_warn
from tests.flows.fakes import FakeBolt, FakeDownloads

T0 = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
BUILD = BoltCommand(1, "dbt build", T0, T0 + timedelta(minutes=5), 1)
FILE = Resource(9, "target/run_results.json")


def account(status: str = "error", at: datetime = T0) -> bytes:
    """A run_results.json with one node."""
    node = {
        "unique_id": "model.shop.orders",
        "status": status,
        "message": "it broke",
        "execution_time": 1.5,
        "timing": [],
    }
    stamp = f"{at + timedelta(minutes=1):%Y-%m-%dT%H:%M:%S.%fZ}"
    version = "https://schemas.getdbt.com/dbt/run-results/v6.json"
    return json.dumps(
        {
            "metadata": {"dbt_schema_version": version, "generated_at": stamp},
            "results": [node],
            "elapsed_time": 1.5,
            "args": {},
        }
    ).encode()


class Stage:
    """A command and its file."""

    def __init__(self, content: bytes) -> None:
        self.bolt, self.downloads = FakeBolt(), FakeDownloads(f9=content)
        self.bolt.files[1] = (FILE,)
        self.reader = ResultsReader(self.bolt, self.downloads)


@pytest.fixture
def stage() -> Stage:
    """A command that failed."""
    return Stage(account())


async def test_what_failed_is_read(stage: Stage) -> None:
    """The list of files is asked for if it isn't known."""
    for resources in (None, (FILE,)):
        results = await stage.reader.read_command_results(BUILD, resources, within_s=5)
        assert results is not None
        assert [node.message for node in results.failed] == ["it broke"]
    assert stage.bolt.reads.count(("resources", (1,))) == 1


async def test_an_address_that_has_expired_is_asked_for_again(stage: Stage) -> None:
    """A second expiry is final."""
    stage.downloads.faults.fail("fetch", DownloadRefused())
    assert await stage.reader.read_command_results(BUILD, (FILE,), within_s=5) is not None
    stage.downloads.faults.fail("fetch", DownloadRefused(), DownloadRefused())
    assert await stage.reader.read_command_results(BUILD, (FILE,), within_s=5) is None


@pytest.mark.parametrize("error", [BoltNotSent(), BoltTooLarge(10)])
async def test_an_end_is_announced_without_it(stage: Stage, error: BotError) -> None:
    """If anything goes wrong, there are no results, and no exception is raised."""
    stage.downloads.faults.fail("fetch", error)
    assert await stage.reader.read_command_results(BUILD, (FILE,), within_s=5) is None
    stage.bolt.faults.fail("resources", error)
    assert await stage.reader.read_command_results(BUILD, None, within_s=5) is None


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"results": 7}', account(at=T0 - timedelta(days=1))])
async def test_a_file_that_tells_nothing_of_this_command_is_none(content: bytes) -> None:
    """The file is broken, or an earlier command left it behind."""
    assert await Stage(content).reader.read_command_results(BUILD, (FILE,), within_s=5) is None


async def test_without_time_or_times_nothing_is_asked(stage: Stage) -> None:
    """Without the command's times, the bot can't tell whether the command wrote a file, so it reads none."""
    assert await stage.reader.read_command_results(BUILD, None, within_s=0) is None
    assert await stage.reader.read_command_results(replace(BUILD, ended_at=None), None, within_s=5) is None
    assert stage.bolt.reads == []


async def test_warnings_of_several_commands_are_named() -> None:
    """The addresses of all commands' files take one request, and a command without files doesn't matter."""
    stage = Stage(account("warn"))
    nodes = await stage.reader.warned([BUILD, replace(BUILD, id=2)], within_s=5)
    assert [node.unique_id for node in nodes] == ["model.shop.orders"]
    stage.bolt.faults.fail("resources", BoltNotSent())
    assert await stage.reader.warned([BUILD], within_s=5) == []


@pytest.mark.parametrize(
    ("command", "paths", "found"),
    [
        ("dbt build", ["target/manifest.json", "target/run_results.json"], "target/run_results.json"),
        ("dbt source freshness", ["target/run_results.json", "target/sources.json"], "target/sources.json"),
        ("dbt source freshness", ["target/run_results.json"], "target/run_results.json"),
        ("dbt build", ["target/sources.json"], None),
        ("dbt build", ["a/b/target/run_results.json", "b/target/run_results.json"], "b/target/run_results.json"),
        ("dbt build", ["target/my_run_results.json"], None),
    ],
)
def test_the_file_is_the_one_of_that_command(command: str, paths: list[str], found: str | None) -> None:
    """If there are several projects, it's the one nearest to the root of the checkout."""
    chosen = account_of(replace(BUILD, text=command), [Resource(at, path) for at, path in enumerate(paths)])
    assert (chosen.path if chosen else None) == found


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("dbt build", True),
        ("dbt test -s a", True),
        ("dbt source freshness", True),
        ("dbt run", False),
        ("python test", False),
        ("", False),
    ],
)
def test_only_tests_and_freshness_warn(text: str, may: bool) -> None:  # noqa: FBT001 - a parameter
    """After a success, only the files of tests and freshness checks are read for warnings."""
    assert may_warn(replace(BUILD, text=text)) is may


async def test_a_file_without_an_address_is_refused(stage: Stage) -> None:
    """Bolt knows the file, but returns no address."""

    class Addressless(FakeBolt):
        async def resource_url(self, resource_id: int) -> str | None:
            del resource_id
            return None

    with pytest.raises(BoltRejected):
        await fetch(Addressless(), stage.downloads, 9, most=10)
