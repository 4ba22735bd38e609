"""The Home tab as Slack gets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from slack_sdk.models.blocks import Block

from bolt_sandbox.slack.validate import check_view
from bot.core.model.bolt import BoltCommand
from bot.core.model.run import RunFacts
from bot.core.views.active_runs import ListedRun
from bot.core.views.home import RUNS_A_PAGE, SCHEDULES_A_PAGE, FrequentSchedule, HomePage, HomeSection, home
from bot.slack.client import SlackChat
from bot.slack.views.home import HOME_BLOCKS_MOST, HOME_TEXTS_MOST, home_view, shown_page
from tests.core.views.test_card import APP, run
from tests.core.views.test_home import FULL

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
JOINER = "\u2060"


def mask(text: str) -> str:
    """Mask one secret."""
    return text.replace("hunter2", "•••")


def view(page: HomePage) -> dict[str, Any]:
    """A page as a view."""
    slack = SlackChat("xoxb-1", "http://127.0.0.1:1/", mask)
    return home_view(slack.blocks(home(page, APP, "/bolt"), most=HOME_BLOCKS_MOST, room=HOME_TEXTS_MOST), page.number)


def picture(made: dict[str, Any]) -> str:
    """A view as a person reads it: titles, texts, and buttons in brackets."""
    lines = []
    for block in made["blocks"]:
        match block["type"]:
            case "header":
                lines.append(f"# {block['text']['text']}")
            case "section":
                lines.append(block["text"]["text"])
            case "context":
                lines.append(f"  {block['elements'][0]['text']}")
            case "actions":
                lines.append("  ".join(f"[{one['text']['text']}]" for one in block["elements"]))
    return "\n".join(lines)


PAGE = HomePage(
    NOW,
    mine=HomeSection(1, (ListedRun(run("RUNNING"), "C0DATAENG", "https://acme.slack.com/archives/C0DATAENG/p1"),)),
    schedules=(
        FrequentSchedule("nightly", "Nightly full build", "C0DATAENG", "data-eng"),
        FrequentSchedule("old", "Old", "", left=True),
    ),
    schedules_total=2,
)
PICTURE = """\
[Start a run]  [Refresh]
  Refreshed <!date^1795446000^{date_short_pretty} at {time}|2026-11-23 15:00 UTC>
# Your active runs (1)
:hourglass_flowing_sand: *Nightly full build* is running
▱▱▱▱▱▱▱▱▱▱ 5% · 1 of 3 · `dbt run --select staging+` · usually done by <!date^1795444500^{time}|14:35 UTC>
  <https://app.example/bolt/run_id/4711|Run 4711> · main · pull request 123 · started by <@U1> at \
<!date^1795443600^{time}|14:20 UTC> · in <#C0DATAENG> · <https://acme.slack.com/archives/C0DATAENG/p1|its card>
[Cancel run]  [Details]
# Active runs in your channels
  No other active runs.
# Recent failures
  None in the last 7 days.
# Schedules you run most
*Nightly full build* · runs in <#C0DATAENG>, like last time
[Run in #data-eng]  [Details]
*Old* · the channel of your last run is archived, or one of us has left it
[Run in direct messages]  [Details]"""


def test_it_reads_well() -> None:
    """The Home tab reads as expected, from top to bottom."""
    assert picture(view(PAGE)) == PICTURE


@pytest.mark.parametrize("page", [PAGE, FULL, replace(FULL, number=4), HomePage(NOW)])
def test_slack_takes_it(page: HomePage) -> None:
    """Any page passes the sandbox's rules and the models of Slack's SDK, and keeps its page number."""
    made = view(page)
    check_view(made, "home")
    for block in Block.parse_all(made["blocks"]):
        block.validate_json()
    assert shown_page({"view": made}) == page.number


def test_foreign_names_are_inert_and_secrets_masked() -> None:
    """A name that looks like a mention mentions nobody, a secret is masked, and a long name fits."""
    name = "<!channel> *x* hunter2 " + "y" * 2000
    evil = replace(run("RUNNING"), facts=RunFacts(slug=name, name=name))
    made = view(
        HomePage(
            NOW,
            mine=HomeSection(1, (ListedRun(evil),)),
            schedules=(FrequentSchedule(name[:500], name, "C1", name),),
            schedules_total=1,
        )
    )
    check_view(made, "home")
    shown = picture(made)
    assert "<!channel>" not in shown.replace("Run in #<!channel>", "")
    assert "hunter2" not in shown


def test_a_secret_is_masked_before_a_name_is_cut() -> None:
    """A name is masked before it's cut, so that no half of a secret is shown or read aloud."""
    name = "x" * 60 + "hunter2" + "y" * 60
    one = ListedRun(replace(run("RUNNING"), facts=RunFacts(slug="s", name=name)), "C1", "https://acme.slack.com/p1")
    made = str(
        view(
            HomePage(
                NOW,
                mine=HomeSection(1, (one,)),
                schedules=(FrequentSchedule("s", name, "C1", "data-eng"),),
                schedules_total=1,
            )
        )
    )
    assert "hun" not in made
    assert "•••" in made


def test_the_longest_page_is_small_enough() -> None:
    """A page with the longest names and commands, in characters of twelve bytes each, fits Slack's limits."""
    long = "\N{FIRE}" * 200
    facts = replace(run("RUNNING").facts, name=long, slug=long, branch=long)
    seen = replace(run("RUNNING").seen, commands=(BoltCommand(1, long * 2, NOW),))
    evil = ListedRun(
        replace(run("RUNNING"), facts=facts, seen=seen), "C0DATAENG", "https://acme.slack.com/archives/C1/p1"
    )
    part = HomeSection(99, (evil,) * RUNS_A_PAGE)
    often = (FrequentSchedule(long, long, "C1", long),) * SCHEDULES_A_PAGE
    check_view(view(HomePage(NOW, 1, part, part, part, often, 99, long, (long,))), "home")


def test_a_click_elsewhere_is_of_no_page() -> None:
    """A click in a message or a modal belongs to no page."""
    assert shown_page({"message": {}}) is None
    assert shown_page({"view": {"type": "modal", "private_metadata": '{"page":1}'}}) is None
