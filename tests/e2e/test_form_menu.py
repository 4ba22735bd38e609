"""The schedule menu in the form: what it offers as a person types."""

from __future__ import annotations

from bolt_sandbox.bolt import Fault
from bolt_sandbox.bolt.catalog import own_character
from bolt_sandbox.bolt.model import Schedule
from tests.e2e.modal import open_form
from tests.e2e.stage import Stage

SOON = {"BOLT_BOT_API_TIMEOUT_S": "1"}


def plenty(stage: Stage, number: int = 2000) -> None:
    """Give Bolt this many schedules, some of them with names that are hard to show."""
    names = {3: "Schedule " + "x" * 200, 4: "🎉 Party " * 20, 5: "לילה מלא", 6: "Twin", 7: "Twin", 8: "a/b c/d"}
    for at in range(number):
        slug = f"team-{at % 40}-orders-{at}" if at != 9 else "long-" + "s" * 200
        name = names.get(at, f"Orders of team {at % 40}, part {at}")
        made = Schedule(
            0, name, slug, own_character([f"dbt run --select orders_{at}"]), owner=f"team{at % 40}@example.com"
        )
        stage.sandbox.bolt.add_schedule(made)


async def test_two_thousand_schedules(stage: Stage) -> None:
    """The menu offers at most 100, best first, and finds schedules by name, slug and owner, whatever they're called."""
    plenty(stage)
    await stage.start_bot()
    form = await open_form(stage)
    assert len(await form.options("orders")) == 100
    headings = [group["label"]["text"] for group in (await form.offers(""))["option_groups"]]
    assert headings == ["Last run failed", "Most recent runs"]
    assert (await form.options("part 1234"))[0]["value"] == "team-34-orders-1234"
    assert (await form.options("orders-77"))[0]["description"][
        "text"
    ] == "hasn't run yet · team-37-orders-77 · team37@example.com"
    owned = await form.options("team7@example.com")
    assert owned
    assert all("team7@" in one["description"]["text"] for one in owned)
    twins = await form.options("twin")
    assert [one["text"]["text"] for one in twins][:2] == ["Twin", "Twin"]
    assert len({one["description"]["text"] for one in twins[:2]}) == 2
    assert await form.options("nothing is called that") == []
    for typed in ("schedule xxx", "party", "מלא", "a/b"):
        assert await form.options(typed), typed


async def test_a_slug_that_is_too_long_for_a_menu(stage: Stage) -> None:
    """A slug that's too long for a menu is replaced by an id there, and the schedule can still be started."""
    plenty(stage, 10)
    await stage.start_bot()
    form = await open_form(stage)
    option = await form.choose("long-sss")
    assert option["value"].startswith("#")
    await form.submit()
    await stage.until(lambda: [run.slug for run in stage.started()] == ["long-" + "s" * 200])


async def test_failing_schedules_say_so(stage: Stage) -> None:
    """Each schedule shows the state of its latest run as a word."""
    await stage.start_bot()
    form = await open_form(stage)
    about = {one["value"]: one["description"]["text"] for one in await form.options("")}
    assert about["freshness"].startswith("failed · ")
    assert about["nightly"].startswith("succeeded · ")
    assert about["already-running"].startswith("running · ")
    assert about["finance-close"].startswith("succeeded, paused · ")
    assert about["slow-start"].startswith("hasn't run yet · ")


async def test_bolt_away_the_last_list_serves(stage: Stage) -> None:
    """While Bolt is away, schedules can be chosen, and a submitted form starts its run once Bolt is back."""
    await stage.start_bot(SOON)
    form = await open_form(stage)
    await form.choose("nightly")
    stage.sandbox.bolt.add_fault(Fault("away", count=None))
    assert await form.options("night")
    await form.submit()
    await form.closed()
    stage.sandbox.bolt.faults.clear()
    await stage.until(stage.card_says("is running"))
