"""The page by itself: who sees what, how it reads, and that nothing shown in it is trusted."""

from __future__ import annotations

import base64
import dataclasses
import os
import re
import sys
import tempfile
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from bolt_sandbox.bolt import timetables
from bolt_sandbox.child import Child
from bolt_sandbox.demo import bot_environment
from bolt_sandbox.slack.model import File
from tests.browser.conftest import OpenTab
from tests.browser.tab import SOON_MS, Tab, mrkdwn, plain
from tests.e2e.stage import Stage

# One pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
HOSTILE = (
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "<javascript:alert(1)|click me>",
    "<data:text/html,<script>alert(1)</script>|or me>",
    "\u202egnp.exe",
    "a" * 500,
)


async def test_people_see_their_own_channels(stage: Stage, tab: Tab) -> None:
    """People see only their own channels: the private one is listed for a member, but not for a guest."""
    channels = tab.page.get_by_role("navigation", name="Channels")
    await tab.sees(channels, "finance")
    await tab.become("gus")
    await tab.goes(channels.get_by_role("button", name="finance"))
    await tab.say("hello from a guest")
    await tab.sees(tab.message("hello from a guest"))
    posted = stage.sandbox.workspace.channel("data-eng").messages
    assert [one.user for one in posted.values()] == ["U0GUS"]


async def test_the_command_is_completed(stage: Stage, tab: Tab) -> None:
    """The manifest's commands are completed with the keyboard alone, and the text is sent as it was typed."""
    await tab.composer().press_sequentially("/b")
    await tab.sees(tab.suggestions().first, "/bolt")
    await tab.composer().press("Tab")
    await tab.composer().press_sequentially("he")
    await tab.sees(tab.suggestions().first, "help")
    await tab.composer().press("Tab")
    await expect(tab.composer()).to_have_value(re.compile("^/bolt help ?$"))
    await tab.composer().press("Escape")
    await tab.composer().press("Enter")
    await tab.sees(tab.messages().last, "/bolt failed with the error")
    assert [call.what for call in stage.sandbox.workspace.calls] == ["slash_commands:/bolt"]


async def test_no_command_in_a_thread(stage: Stage, tab: Tab) -> None:
    """A command in a thread is refused with Slack's own words, and other replies are sent."""
    ws = stage.sandbox.workspace
    parent = ws.post(ws.channel("data-eng"), ws.bot, "a card")
    ws.post(ws.channel("data-eng"), ws.bot, "below", thread_ts=parent.ts)
    await tab.message("a card").get_by_role("button", name=re.compile("1 reply")).click()
    reply = tab.thread().get_by_label("Reply in thread", exact=True)
    await reply.fill("/bolt help")
    await reply.press("Enter")
    await tab.sees(tab.page.get_by_text("/bolt is not supported in threads. Sorry!"))
    await reply.fill("a word")
    await reply.press("Enter")
    await tab.sees(tab.thread(), "a word")
    assert [one.text for one in ws.channel("data-eng").replies(parent.ts)] == ["below", "a word"]


@pytest.mark.parametrize("words", HOSTILE)
async def test_hostile_words_are_words(stage: Stage, tab: Tab, words: str) -> None:
    """Hostile text runs no code, opens no dialog and makes no forbidden link, and the page keeps its layout."""
    ws = stage.sandbox.workspace
    channel = ws.channel("data-eng")
    ws.post(channel, ws.bot, words)
    log = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": words}]}
    blocks = [mrkdwn(words), {"type": "rich_text", "elements": [log]}, {"type": "nonsense", "text": words}]
    ws.post(channel, ws.bot, "in blocks", blocks=blocks)
    ws.post(channel, ws.user("grace"), "the last one")
    await tab.sees(tab.message("the last one"))
    for href in await tab.page.locator("a[href]").evaluate_all("links => links.map(link => link.href)"):
        assert href.startswith(("http:", "https:", "mailto:")), href
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_dates_are_in_the_viewers_zone(stage: Stage, open_tab: OpenTab) -> None:
    """Dates are shown in the viewer's time zone: 14:20 in Berlin is 22:20 in Tokyo."""
    ws = stage.sandbox.workspace
    ws.post(ws.channel("data-eng"), ws.bot, "at <!date^1764076800^{date_num} {time}|some time>")
    tokyo = await open_tab(timezone_id="Asia/Tokyo")
    await tokyo.sees(tokyo.messages().first, re.compile("2025-11-25 (22:20|10:20 PM)"))
    berlin = await open_tab()
    await berlin.sees(berlin.messages().first, re.compile("2025-11-25 (14:20|2:20 PM)"))


async def test_emoji_and_mentions(stage: Stage, tab: Tab) -> None:
    """Emoji, people, channels and user groups are shown by their names."""
    ws = stage.sandbox.workspace
    ws.post(
        ws.channel("data-eng"), ws.bot, ":white_check_mark: <@U0GRACE> in <#C0ANALYTICS|> of <!subteam^S0DATALEADS>"
    )
    await tab.sees(tab.messages().first, "✅")
    await tab.sees(tab.messages().first, "@grace")
    await tab.sees(tab.messages().first, "analytics")
    await tab.sees(tab.messages().first, "@data-leads")


async def test_pictures(stage: Stage, tab: Tab) -> None:
    """The workspace's own images are shown with their alternative texts; one on another machine is only a link."""
    ws = stage.sandbox.workspace
    chart = File(
        "F0CHART", "chart.png", ws.bot.id, 0, alt_text="two bars", title="Durations", content=PNG, completed=True
    )
    ws.files[chart.id] = chart
    own = {"type": "image", "slack_file": {"id": chart.id}, "alt_text": "durations of two runs"}
    foreign = {"type": "image", "image_url": "https://elsewhere.example/chart.png", "alt_text": "durations of ten runs"}
    ws.post(ws.channel("data-eng"), ws.bot, "charts", blocks=[own, foreign])
    ws.post(ws.channel("data-eng"), ws.bot, "a file", files=[chart.id])
    for name in ("durations of two runs", "two bars"):
        picture = tab.page.get_by_role("img", name=name)
        await tab.sees(picture)
        assert await picture.evaluate("async picture => (await picture.decode(), picture.naturalWidth)") == 1
    await tab.sees(tab.page.get_by_role("link", name="durations of ten runs"))
    assert await tab.page.get_by_role("img", name="durations of ten runs").count() == 0


async def test_direct_messages(stage: Stage, tab: Tab) -> None:
    """A direct message is shown only to its recipient, and can't be answered if the manifest says so."""
    ws = stage.sandbox.workspace
    ws.features = dataclasses.replace(ws.features, messages_tab_read_only=True)
    # A change to the manifest isn't announced: a page shows it after it's reloaded.
    await tab.page.reload()
    await tab.sees(tab.composer())
    ws.post(ws.direct("U0ADA"), ws.bot, "your run has ended")
    direct = tab.page.get_by_role("navigation", name="Channels").get_by_role("button", name="Bolt new")
    await tab.sees(direct)
    await direct.click()
    await tab.sees(tab.page.get_by_role("list", name="Messages in Bolt"), "your run has ended")
    await tab.goes(tab.page.get_by_role("textbox"))
    await tab.become("grace")
    await tab.goes(tab.page.get_by_text("your run has ended"))


async def test_the_world_is_played_with(stage: Stage, tab: Tab) -> None:
    """The panel can fail a run and slow Bolt down, and the log shows the calls between bot, Slack and Bolt."""
    await stage.start_bot()
    await tab.say("/bolt run backfill")
    await tab.sees(tab.messages().last, "is running")
    await tab.page.get_by_role("button", name="World", exact=True).click()
    world = tab.page.get_by_role("region", name="World")
    await world.get_by_role("button", name=re.compile("^Fail")).first.click()
    await tab.sees(tab.messages().first, "failed after")
    calls = tab.page.get_by_role("region", name="Calls")
    await tab.sees(calls, "chat.postMessage")
    await tab.sees(calls, "triggerBoltRun")
    await world.get_by_role("button", name="Slow").click()
    await expect(world.get_by_role("button", name="Back to normal").first).to_be_enabled(timeout=SOON_MS)
    assert [fault.kind for fault in stage.sandbox.bolt.faults.active] == ["slow"]


async def test_bolt_starts_runs_by_itself(stage: Stage, tab: Tab) -> None:
    """The panel starts runs of a few schedules, skips a slot, chooses how a run ends, and takes down the warehouse."""
    bolt = stage.sandbox.bolt
    await tab.page.get_by_role("button", name="World", exact=True).click()
    scheduler = tab.page.get_by_role("region", name="Scheduler")
    await tab.sees(scheduler, "No runs start by themselves.")
    await scheduler.get_by_role("button", name="A few").click()
    await tab.sees(scheduler, "orders-sync")
    await scheduler.get_by_role("button", name="Off").click()
    await tab.sees(scheduler, "No runs start by themselves.")
    timetables.put(bolt, "nightly", every_s=3600, first_s=1800)
    await scheduler.get_by_role("button", name="Skip the next run of nightly").click()
    await tab.sees(scheduler, "SKIPPED")
    runs = tab.page.get_by_role("region", name="Runs")
    await runs.get_by_label("Schedule").select_option("backfill")
    await runs.get_by_label("Ends with").select_option("a failed test")
    await runs.get_by_role("button", name="Start as the scheduler").click()
    await tab.sees(runs.get_by_role("listitem").filter(has_text="backfill"))
    assert bolt.runs("backfill")[0].actor.name == "Bolt scheduler"
    warehouse = tab.page.get_by_role("region", name="Warehouse")
    await warehouse.get_by_role("button", name="Take it down").click()
    await tab.sees(warehouse, "every run fails")
    await warehouse.get_by_role("button", name="Bring it back up").click()
    await tab.sees(warehouse, "The warehouse works normally.")
    assert bolt.outage is None


async def test_the_bot_is_killed_from_the_panel(stage: Stage, tab: Tab, tmp_path: Path) -> None:
    """The panel kills and starts the bot and shows its state; the card is still updated, because the data is kept."""
    sandbox = stage.sandbox
    # Not pytest's own directory, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="bolt-bot-tests-") as memory:
        environment = bot_environment(os.environ, sandbox.env(), Path(memory))
        child = Child(
            environment,
            tmp_path / "bot.log",
            command=(sys.executable, "-m", "bot", "run"),
            changed=sandbox.world_changed,
        )
        sandbox.controls.child = child
        try:
            await child.start()
            await tab.page.get_by_role("button", name="World", exact=True).click()
            bot = tab.page.get_by_role("region", name="Bot", exact=True)
            await tab.sees(bot, "The bot is running")
            await tab.say("/bolt run backfill")
            await tab.sees(tab.messages().last, "is running")
            await bot.get_by_role("button", name="Kill").click()
            await tab.sees(bot, "The bot is stopped")
            await bot.get_by_role("button", name="Start", exact=True).click()
            await tab.sees(bot, "The bot is running")
            sandbox.bolt.end(stage.started()[-1].id, "SUCCESS")
            await tab.sees(tab.messages().first, "succeeded in")
        finally:
            await child.close()


async def test_what_goes_wrong_is_said(stage: Stage, tab: Tab) -> None:
    """The panel describes each fault in words until it's switched off, and lost sockets come back."""
    await stage.start_bot()
    await tab.page.get_by_role("button", name="World", exact=True).click()
    slack = tab.page.get_by_role("region", name="Slack", exact=True)
    await slack.get_by_role("button", name="Rate-limit edits").click()
    await tab.sees(slack, "Slack rate-limits chat.update: retry after 10 s for 1 more call")
    await slack.get_by_role("button", name="Back to normal").click()
    await tab.sees(slack, "Slack works normally.")
    bolt = tab.page.get_by_role("region", name="Bolt", exact=True)
    await bolt.get_by_role("button", name="Take down").click()
    await tab.sees(bolt, "Bolt is down.")
    await tab.say("/bolt run nightly")
    await tab.sees(tab.page.get_by_role("region", name="Calls"), "no answer")
    await bolt.get_by_role("button", name="Back to normal").click()
    await tab.sees(tab.messages().last, "succeeded in")
    sockets = tab.page.get_by_role("region", name="Sockets", exact=True)
    await tab.sees(sockets, "2 sockets are open.")
    await sockets.get_by_role("button", name="Drop").click()
    await tab.sees(sockets, re.compile("[01] sockets? (is|are) open"))
    await tab.sees(sockets, "2 sockets are open.")


async def test_it_says_when_the_sandbox_is_away(tab: Tab) -> None:
    """A banner shows that the sandbox is away, and disappears by itself."""
    # The page has to be loaded before the connection is cut.
    await tab.sees(tab.composer())
    await tab.page.context.set_offline(True)
    banner = tab.page.get_by_text("Can't reach the sandbox. Trying again…")
    await tab.composer().fill("are you there?")
    await tab.composer().press("Enter")
    await tab.sees(banner)
    # The text that couldn't be sent isn't lost.
    await expect(tab.composer()).to_have_value("are you there?")
    await tab.page.context.set_offline(False)
    await tab.goes(banner)
    tab.faults.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_is_accessible(stage: Stage, open_tab: OpenTab, scheme: str) -> None:
    """axe finds nothing serious with a card, its thread and the panel open, in either color scheme."""
    ws = stage.sandbox.workspace
    card = ws.post(ws.channel("data-eng"), ws.bot, "It failed", blocks=CARD)
    ws.post(ws.channel("data-eng"), ws.bot, "`dbt test` failed", thread_ts=card.ts)
    tab = await open_tab(color_scheme=scheme, bypass_csp=True)
    await tab.sees(tab.messages().first, "failed")
    await serious(tab)
    await tab.messages().first.get_by_role("button", name=re.compile("1 reply")).click()
    await tab.sees(tab.thread(), "dbt test")
    await serious(tab)
    await tab.page.get_by_role("button", name="World", exact=True).click()
    await tab.sees(tab.page.get_by_role("region", name="World"))
    await serious(tab)


CARD = [
    mrkdwn(":x: *Nightly full build* failed after 4 min 12 s"),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "Run 4711 · main @ `3f2c1ab` · started by <@U0ADA>"}]},
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "retry", "text": plain("Retry failed"), "style": "primary"},
            {"type": "button", "action_id": "cancel", "text": plain("Cancel run"), "style": "danger"},
            {"type": "button", "action_id": "logs", "text": plain("Logs")},
        ],
    },
]


async def serious(tab: Tab) -> None:
    """Fail if axe finds a serious or critical problem."""
    found = (await Axe().run(tab.page)).response["violations"]
    bad = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
    assert bad == []


@pytest.mark.parametrize("width", [360, 700, 1000])
async def test_narrow_windows(stage: Stage, open_tab: OpenTab, width: int) -> None:
    """In narrow windows, down to a phone's width, nothing extends beyond the edge."""
    ws = stage.sandbox.workspace
    card = ws.post(ws.channel("data-eng"), ws.bot, "It failed", blocks=CARD)
    log = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x" * 400}]}
    ws.post(ws.channel("data-eng"), ws.bot, "log", blocks=[{"type": "rich_text", "elements": [log]}], thread_ts=card.ts)
    tab = await open_tab("#channel=data-eng", viewport={"width": width, "height": 720})
    await tab.message("failed after").get_by_role("button", name=re.compile("1 reply")).click()
    await tab.sees(tab.thread(), "xxx")
    assert await tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


async def test_by_keyboard_alone(stage: Stage, tab: Tab) -> None:
    """Tab reaches a button on a card from the top of the page, with a visible focus."""
    ws = stage.sandbox.workspace
    ws.post(ws.channel("data-eng"), ws.bot, "It failed", blocks=CARD)
    await tab.sees(tab.messages().first)
    for _press in range(60):
        await tab.page.keyboard.press("Tab")
        if await tab.page.evaluate("document.activeElement?.textContent") == "Retry failed":
            break
    else:
        pytest.fail("the button is not reached by Tab")
    outline = await tab.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    shadow = await tab.page.evaluate("getComputedStyle(document.activeElement).boxShadow")
    assert outline != "none" or shadow != "none"
