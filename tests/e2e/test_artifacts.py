"""`/bolt artifacts`: a button for each file; a click gives a fresh link privately, or posts the file in the thread."""

from __future__ import annotations

import json
from typing import Any

import aiohttp

from bolt_sandbox.bolt import Character, Fault, Run, Schedule, Step
from tests.e2e.stage import Stage
from tests.e2e.test_logs import answer, files, in_bolt, run_to_its_end

REPORT = "target/report.csv"


def past_run(stage: Stage, *steps: Step) -> Run:
    """A run of these commands that wasn't started from Slack."""
    stage.sandbox.bolt.add_schedule(Schedule(0, "Own", "own", Character(steps)))
    return stage.sandbox.bolt.start("own")


async def over(stage: Stage, run: Run) -> None:
    """Wait for its end."""
    await in_bolt(lambda: stage.sandbox.bolt.view(run.id).ended_at is not None)


def buttons(message: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """All buttons of a message."""
    return [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]


async def test_a_click_gives_a_fresh_address_privately(stage: Stage) -> None:
    """The link is in a button, since text would be masked; it works, and isn't in the log or in others' messages."""
    bot = await stage.start_bot({"BOLT_BOT_LOG_LEVEL": "debug"})
    run = await run_to_its_end(stage, "nightly", "succeeded in")
    await stage.slash(f"artifacts {run}")
    told = await answer(stage, f"Run {run} produced 6 files from 3 commands.")
    assert [one["text"]["text"] for one in buttons(told)][:2] == ["target/manifest.json", "target/run_results.json"]
    # The bot already read dbt's results when the run succeeded.
    before = stage.asked("boltResourceUrl")
    await stage.click("target/run_results.json")
    given = await answer(stage, "expires soon")
    download = next(one for one in buttons(given) if one["text"]["text"] == "Download")
    async with aiohttp.ClientSession() as http, http.get(download["url"]) as got:
        assert got.status == 200
        assert "results" in await got.json()
    token = download["url"].rpartition("/")[2]
    assert token not in bot.printed()
    assert token not in given.text
    assert all(token not in json.dumps(one.blocks) for one in stage.replies() + stage.cards())
    await stage.click("target/run_results.json")
    await stage.until(lambda: stage.asked("boltResourceUrl") == before + 2)
    outcome = await stage.click("Download")
    assert outcome.problem == ""
    # Slack sends the whole message with a click on it.
    addresses = [one["url"] for message in stage.private() for one in buttons(message) if one.get("url")]
    assert len({*addresses}) == 2
    assert not any(address.rpartition("/")[2] in bot.printed() for address in addresses)


async def test_a_file_is_posted_in_the_thread_masked(stage: Stage) -> None:
    """A text file is posted once, with its secrets masked."""
    stage.sandbox.bolt.files[REPORT] = "a,b\npassword=hunter2hunter2\n<!channel>,☃\n".encode()
    stage.sandbox.bolt.add_schedule(
        Schedule(0, "Own", "own", Character((Step("dbt run", 5, 0, "run-success", (REPORT,)),)))
    )
    await stage.start_bot()
    run = await run_to_its_end(stage, "own", "succeeded in")
    await stage.slash(f"artifacts {run}")
    await answer(stage, f"Run {run} produced 1 file from 1 command.")
    await stage.click(REPORT)
    await answer(stage, "expires soon")
    await stage.click("Post it in the thread", times=2)
    await stage.until(lambda: len(files(stage)) == 1)
    (file,) = files(stage)
    assert file.name == f"run-{run}-report.csv"
    assert file.content.decode() == "a,b\npassword=•••\n<!channel>,☃\n"
    assert stage.replies()[-1].files == [file.id]
    await stage.click_until("Post it in the thread", stage.told_privately("is already in the thread"))
    assert len(files(stage)) == 1


async def test_a_hostile_name_is_only_a_name(stage: Stage) -> None:
    """A file's hostile name doesn't reverse text, break a line, mention anyone or link anywhere."""
    path = "target/../../\u202eevil\n<!channel> *x*|https://evil.example/☃.txt"
    stage.sandbox.bolt.files[path] = b"a"
    stage.sandbox.bolt.add_schedule(
        Schedule(0, "Own", "own", Character((Step("dbt run", 5, 0, "run-success", (path,)),)))
    )
    await stage.start_bot()
    run = await run_to_its_end(stage, "own", "succeeded in")
    await stage.slash(f"artifacts {run}")
    label = buttons(await answer(stage, "produced 1 file"))[0]["text"]["text"]
    assert label == "target/../../evil <!channel> *x*|https://evil.example/☃.txt"
    await stage.click(label)
    told = await answer(stage, "expires soon")
    assert "<!channel>" not in told.text
    await stage.click("Post it in the thread")
    await stage.until(lambda: len(files(stage)) == 1)
    assert files(stage)[0].name == f"run-{run}-☃.txt"


async def test_what_is_too_large_or_no_text_is_not_posted(stage: Stage) -> None:
    """A file that's too large or isn't text isn't posted: it can't be masked."""
    large, binary = "target/large.json", "target/graph.gpickle"
    stage.sandbox.bolt.files |= {large: b"x" * 50_000_000, binary: b"\x80\x04\xff\x00" * 10}
    run = past_run(stage, Step("dbt run", 5, 0, "run-success", (large, binary)))
    await stage.start_bot()
    await over(stage, run)
    await stage.slash(f"artifacts {run.id}")
    await answer(stage, "produced 2 files")
    for path, words in ((large, "larger than the 1.0 MB I can read; use its download link"), (binary, "it isn't text")):
        await stage.click(path)
        await stage.until(lambda path=path: path in str(stage.private()[-1].text))  # type: ignore[misc]
        await stage.click("Post it in the thread")
        await answer(stage, words)
    assert files(stage) == []


async def test_many_files_come_in_pages_that_turn_in_place(stage: Stage) -> None:
    """The files of 200 commands come in pages, and turning a page edits the same answer."""
    steps = [
        Step(f"dbt run --select m{number}", 0.1, 0, "run-success", (f"target/f{number % 2}.json",))
        for number in range(200)
    ]
    run = past_run(stage, *steps)
    await stage.start_bot()
    await over(stage, run)
    await stage.slash(f"artifacts {run.id}")
    told = await answer(stage, "page 1 of 20")
    before = len(stage.private())
    await stage.click("Next")
    await stage.until(lambda: "page 2 of 20" in stage.private()[-1].text)
    assert len(stage.private()) == before
    assert told.ts == stage.private()[-1].ts
    await stage.click("Previous")
    await stage.until(lambda: "page 1 of 20" in stage.private()[-1].text)


async def test_what_is_gone_is_told_plainly(stage: Stage) -> None:
    """The answer says if the run was deleted, if Bolt is away, or if no command has produced a file yet."""
    run = past_run(stage, Step("dbt run", 5, 0, "run-success", (REPORT,)))
    stage.sandbox.bolt.add_schedule(Schedule(0, "Sleeper", "sleeper", Character((Step("sleep 600", 600),))))
    nothing = stage.sandbox.bolt.start("sleeper")
    await stage.start_bot({"BOLT_BOT_API_TIMEOUT_S": "1"})
    await stage.slash(f"artifacts {nothing.id}")
    await answer(stage, f"No command of run {nothing.id} has produced a file yet.")
    await over(stage, run)
    await stage.slash(f"artifacts {run.id}")
    await answer(stage, "produced 1 file")
    stage.sandbox.bolt.add_fault(Fault("lost_run", run_id=run.id, count=None))
    await stage.click(REPORT)
    await answer(stage, "Bolt no longer has `target/report.csv` from run")
    stage.sandbox.bolt.faults.clear()
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    await stage.click(REPORT)
    await stage.until(stage.told_privately("Click again in a minute."), timeout_s=30)


async def test_an_address_that_expires_at_once_is_told(stage: Stage) -> None:
    """If the link has already expired when the file is fetched, the person is told why it wasn't posted."""
    stage.sandbox.bolt.files[REPORT] = b"a,b\n"
    run = past_run(stage, Step("dbt run", 5, 0, "run-success", (REPORT,)))
    await stage.start_bot()
    await over(stage, run)
    await stage.slash(f"artifacts {run.id}")
    await answer(stage, "produced 1 file")
    await stage.click(REPORT)
    await answer(stage, "expires soon")
    stage.sandbox.bolt.url_lives_s = 1e-6
    await stage.click("Post it in the thread")
    await answer(stage, "wasn't posted because Bolt didn't return it: Bolt's storage refused the address (403)")
    assert files(stage) == []
