"""Schedules and runs as people read them: list, show, runs, and the latest run."""

from __future__ import annotations

from typing import Any

from bolt_sandbox.bolt import Fault
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Character, Schedule, Step
from bolt_sandbox.slack import Fault as SlackFault
from tests.e2e.stage import Stage

SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


def add(stage: Stage, name: str, slug: str, **more: Any) -> None:  # noqa: ANN401
    """Add a schedule with this name."""
    stage.sandbox.bolt.add_schedule(Schedule(0, name, slug, own_character(["dbt run"]), **more))


def active(stage: Stage) -> int:
    """How many schedules are listed without a filter."""
    return len(stage.sandbox.bolt.schedules())


def rows(stage: Stage) -> list[str]:
    """The schedules that the newest private message lists."""
    blocks = stage.private()[-1].blocks
    return [
        block["text"]["text"].split("*")[1]
        for block in blocks
        if block["type"] == "section" and "\n" in block["text"]["text"]
    ]


async def test_schedules_are_listed_and_paged(stage: Stage) -> None:
    """Ten schedules a page, with state, runs, cron in words and owner; another page replaces the first."""
    for number in range(20):
        add(stage, f"Zeta {number:02}", f"zeta-{number}")
    await stage.start_bot()
    await stage.slash("list")
    await stage.until(stage.told_privately(f"{active(stage)} schedules, page 1 of 4"))
    first = rows(stage)
    assert len(first) == 10
    await stage.slash("list nightly")
    await stage.until(stage.told_privately("1 schedule matching nightly. Nightly full build: succeeded."))
    shown = str(stage.private()[-1].blocks)
    assert "next run <!date^" in shown
    assert "last run <!date^" in shown
    assert "at 02:00 (`0 2 * * *`)" in shown
    assert "ada@acme-data.example" in shown
    await stage.slash("list zeta")
    await stage.until(stage.told_privately("20 schedules matching zeta, page 1 of 2"))
    messages = len(stage.private())
    await stage.click("Next")
    await stage.until(stage.told_privately("page 2 of 2"))
    assert len(stage.private()) == messages
    assert rows(stage)[-1] == "Zeta 19"
    await stage.click("Previous")
    await stage.until(stage.told_privately("20 schedules matching zeta, page 1 of 2"))


async def test_a_page_that_is_gone_is_mended(stage: Stage) -> None:
    """If the list has become shorter meanwhile, the last existing page is shown."""
    for number in range(11):
        add(stage, f"Zeta {number:02}", f"zeta-{number}")
    await stage.start_bot()
    await stage.slash("list zeta --inactive")
    await stage.until(stage.told_privately("There are no inactive schedules matching zeta"))
    for number in range(11):
        stage.sandbox.bolt.schedule(f"zeta-{number}").active = False
    await stage.slash("list zeta --inactive")
    await stage.until(stage.told_privately("11 inactive schedules matching zeta, page 1 of 2"))
    stage.sandbox.bolt.schedule("zeta-3").active = True
    await stage.click("Next")
    await stage.until(stage.told_privately("10 inactive schedules matching zeta. "))


async def test_filters_and_what_they_do_not_find(stage: Stage) -> None:
    """Filters ignore accents and case, and if nothing matches, the answer says what to type."""
    add(stage, "Données clients", "clients", owner="Grace@Example.com")
    await stage.start_bot()
    for asked, answer in (
        ("list --suspended", "1 paused schedule. Finance close: "),
        ("list DONNEES", "1 schedule matching DONNEES. Données clients"),
        ("list grace données", "1 schedule matching grace données."),
        ("list --failing noisy", "1 schedule matching noisy whose last run failed. Noisy ingest: failed."),
        ("list --inactive", "2 inactive schedules."),
        ("list zzz", "There are no schedules matching zzz. Type"),
    ):
        await stage.slash(asked)
        await stage.until(stage.told_privately(answer))
    assert stage.cards() == []


async def test_a_schedule_is_shown_whole(stage: Stage) -> None:
    """A schedule is shown with its commands, Bolt's notifications, its last runs and its possible actions."""
    await stage.start_bot()
    await stage.slash("show nightly")
    await stage.until(stage.told_privately("Nightly full build"))
    message = stage.private()[-1]
    shown = str(message.blocks)
    for words in (
        "`dbt seed`",
        "`dbt test`",
        "branch `main`",
        "Owner ada@acme-data.example",
        "created in Bolt",
        "Turbo CI: off",
        "Deferral: not set",
        "Slack #data-alerts on failed, passed",
        "email ada@acme-data.example on failed",
        "at 02:00 (`0 2 * * *`)",
        "6 succeeded; success rate 100%; successful runs took",
    ):
        assert words in shown
    labels = [one["text"]["text"] for one in message.blocks[-1]["elements"]]
    assert labels == ["Run", "Runs", "History", "Pause", "Watch"]
    await stage.slash("show data-quality-tests")
    await stage.until(stage.told_privately("Data quality tests"))
    shown = str(stage.private()[-1].blocks)
    for words in (
        "Turbo CI: on, to schedule `nightly`, successful runs only",
        "Deferral: on, to environment `production`",
        "Teams Data quality on failed, template Short",
    ):
        assert words in shown
    await stage.slash("show nightly")
    await stage.until(lambda: len(stage.private()) == 3)
    await stage.click("Runs")
    await stage.until(stage.told_privately("6 runs."))
    await stage.click("Run")
    await stage.until(stage.card_says("is running"))


async def test_details_are_a_click_away_and_inactive_ones_too(stage: Stage) -> None:
    """An inactive schedule's details are shown without a button to run it."""
    await stage.start_bot()
    await stage.slash("list --inactive legacy")
    await stage.until(stage.told_privately("1 inactive schedule matching legacy"))
    await stage.click("Details")
    await stage.until(stage.told_privately("· inactive"))
    labels = [one["text"]["text"] for one in stage.private()[-1].blocks[-1]["elements"]]
    assert labels == ["Runs"]


async def test_runs_are_listed_with_what_is_known_of_them(stage: Stage) -> None:
    """Runs are listed with who started them, their branch and a link; an active one can be followed here."""
    character = Character((Step("dbt run", 3000.0),), history="SFC" * 4)
    stage.sandbox.bolt.add_schedule(Schedule(0, "Long job", "long", character))
    run = stage.sandbox.bolt.start("long")
    for _ in range(11):
        stage.sandbox.bolt.start("compile")
    await stage.start_bot()
    await stage.slash("runs Long job")
    await stage.until(stage.told_privately("Long job*: 1 run. run"))
    (section, follow) = stage.private()[-1].blocks[1:3]
    assert f"|Run {run.id}>" in section["text"]["text"]
    assert "main" in section["text"]["text"]
    assert "by grace@acme-data.example" in section["text"]["text"]
    assert follow["elements"][0]["action_id"] == "run.watch"
    assert f'"r":{run.id}' in follow["elements"][0]["value"]
    await stage.slash("runs compile")
    await stage.until(stage.told_privately("13 runs, page 1 of 2"))
    await stage.click("Next")
    await stage.until(stage.told_privately("13 runs, page 2 of 2"))


async def test_the_latest_run_of_a_schedule(stage: Stage) -> None:
    """The latest run is shown with its commands under the schedule's name; if there's none, the answer says so."""
    await stage.start_bot()
    await stage.slash("status partner-export")
    await stage.until(stage.told_privately("Partner export* failed"))
    assert "python scripts/export.py" in str(stage.private()[-1].blocks)
    await stage.slash("status skipper")
    await stage.until(stage.told_privately("hasn't run yet"))


async def test_mistyped_and_ambiguous_names_are_a_click_away(stage: Stage) -> None:
    """A mistyped or ambiguous name gets buttons with the same command for the schedules that may be meant."""
    add(stage, "Twice", "twice-a")
    add(stage, "Twice", "twice-b")
    await stage.start_bot()
    await stage.slash("show nigthly")
    await stage.until(stage.told_privately('There\'s no schedule "nigthly". Did you mean nightly'))
    await stage.click("Show nightly")
    await stage.until(stage.told_privately("Nightly full build"))
    await stage.slash("runs twice")
    await stage.until(stage.told_privately("is the name of several schedules"))
    await stage.click("Runs twice-b")
    await stage.until(stage.told_privately("Twice* hasn't run yet"))
    await stage.slash("status zzzzzz")
    await stage.until(stage.told_privately('There\'s no schedule "zzzzzz".'))


async def test_a_bolt_that_is_away_is_said_so(stage: Stage) -> None:
    """If Bolt is away, the answer says so with the next step; a schedule that was just read is still shown."""
    await stage.start_bot(SOON)
    await stage.slash("list nightly")
    await stage.until(stage.told_privately("1 schedule matching nightly"))
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    await stage.slash("show nightly")
    await stage.until(lambda: "isn't returning this schedule's runs" in str(stage.private()[-1].blocks), timeout_s=20)
    for verb in ("runs nightly", "status nightly", "pause nightly", "history nightly", "list --inactive"):
        messages = len(stage.private())
        await stage.slash(verb)
        await stage.until(lambda count=messages: len(stage.private()) > count, timeout_s=20)  # type: ignore[misc]
        assert "in a minute" in stage.private()[-1].text


async def test_strange_names_are_listed_and_shown(stage: Stage) -> None:
    """Names with spaces, slashes, emoji, right-to-left text, 200 characters or markup are listed and shown."""
    names = ["a/b c", "🎉 party", "تقرير المبيعات", "<!here> *x* & `y`", "n" * 200]
    for number, name in enumerate(names):
        add(stage, name, name if number % 2 else f"odd {number}/x", cron="<!channel> not a cron")
    await stage.start_bot()
    for number, name in enumerate(names):
        await stage.slash("show " + f'"{name}"'.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
        await stage.until(lambda count=number: len(stage.private()) == count + 1)  # type: ignore[misc]
        assert "hasn't run yet" in stage.private()[-1].text
        marked = str([block["text"] for block in stage.private()[-1].blocks if block["type"] == "section"])
        assert "<!here>" not in marked
        assert "<!channel>" not in marked
    await stage.slash("list")
    await stage.until(stage.told_privately(f"{active(stage)} schedules, page 1 of 3"))


async def test_a_page_is_told_beside_where_it_cannot_replace(stage: Stage) -> None:
    """If Slack refuses the response_url, the page comes as a new message."""
    await stage.start_bot()
    await stage.slash("list")
    await stage.until(stage.told_privately("page 1 of 2"))
    stage.sandbox.workspace.faults.add(SlackFault("http_500", "response_url"))
    await stage.click("Next")
    await stage.until(stage.told_privately("page 2 of 2"))


async def test_in_a_direct_message_pages_turn_too(stage: Stage) -> None:
    """In a direct message, a list is an ordinary message, and its next page replaces it too."""
    await stage.start_bot()
    await stage.sandbox.slack.people.say("ada", "dm", "list")
    channel = stage.sandbox.workspace.direct("U0ADA")
    said = [stage.sandbox.workspace.bot.id]
    await stage.until(lambda: any("page 1 of 2" in one.text for one in channel.messages.values() if one.user in said))
    await stage.click("Next", channel="dm")
    await stage.until(lambda: any("page 2 of 2" in one.text for one in channel.messages.values()))
    assert not any("page 1 of 2" in one.text for one in channel.messages.values())
