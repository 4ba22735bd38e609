"""Charts: each is drawn by a process that ends afterward, and its pixels are checked."""

from __future__ import annotations

import asyncio
import io
import operator
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from bot.charts.axes import PAPER
from bot.charts.child import Charts
from bot.charts.history import FILLS
from bot.core.model.errors import ChartFailed
from bot.core.runs.history import History
from bot.core.watching.digest_chart import FailedOften
from tests.charts.test_digest import week
from tests.core.runs.test_history import of
from tests.waiting import PATIENCE_S, eventually

EACH = (("S", 100.0), ("F", 40.0), ("C", 10.0), ("K", 0.0), ("S", 120.0), ("f", 90.0), ("S", None))
AWKWARD = ("تقرير 🎉", "日本語", "</text><script>&\"'", "\x00\x07", "\ud800", "x" * 5000, "")
# The longest, the shortest, and those without a duration.
UNUSUAL = ([("S", 100.0)] * 99 + [("F", 259_200.0)], [("S", None)] * 3, [("K", 0.0)] * 2)


@pytest.fixture
def charts() -> Charts:
    """The charts, with a generous time limit."""
    return Charts(draw_s=PATIENCE_S)


def opened(picture: bytes) -> Image.Image:
    """The chart's pixels."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def has(picture: bytes, color: str) -> bool:
    """Whether more than 50 pixels have exactly this color."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    return any(pixel == wanted and count > 50 for count, pixel in opened(picture).getcolors(1 << 20) or [])


async def test_each_outcome_is_to_be_seen(charts: Charts) -> None:
    """Each outcome is visible in its own color, on a background, in a size that's enough for a phone."""
    picture = await charts.draw(of(*EACH))
    assert opened(picture).size == (1280, 960)
    assert all(has(picture, FILLS[one].color) for one in ("succeeded", "failed", "cancelled"))
    assert has(picture, PAPER)
    assert not has(picture, FILLS["other"].color)


async def test_words_are_drawn_in_both_weights(charts: Charts) -> None:
    """The title's two weights are both drawn: without its font, a text would be left out silently."""
    picture = opened(await charts.draw(of(*EACH)))
    for top, bottom in ((30, 80), (100, 140)):
        shades = picture.crop((40, top, 240, bottom)).convert("L").histogram()
        assert sum(shades[:110]) > 100, "there's no ink where the title is"


@pytest.mark.parametrize("name", AWKWARD)
async def test_no_name_keeps_a_picture_from_being_drawn(charts: Charts, name: str) -> None:
    """No character in a name keeps a chart from being drawn."""
    assert opened(await charts.draw(History(name, of(*EACH).bars))).size == (1280, 960)


@pytest.mark.parametrize("runs", UNUSUAL)
async def test_unusual_runs_are_drawn(charts: Charts, runs: list[tuple[str, float | None]]) -> None:
    """A hundred runs, one of three days, and runs without a duration are drawn."""
    assert opened(await charts.draw(of(*runs))).size == (1280, 960)


async def test_it_is_given_up_in_time_and_nothing_is_left() -> None:
    """A drawing process that takes too long is ended, and no process is left behind."""
    charts = Charts(draw_s=0.001)
    before = children()
    with pytest.raises(ChartFailed):
        await charts.draw(of(*EACH))
    await eventually("the drawing process to be gone", lambda: children() - before, operator.not_)


async def test_a_digest_is_drawn(charts: Charts) -> None:
    """A digest's chart is drawn in the same colors."""
    picture = await charts.draw_digest(week(FailedOften("Orders sync", "orders", 17, 168)))
    assert opened(picture).size == (1280, 960)
    assert has(picture, FILLS["succeeded"].color)
    assert has(picture, FILLS["failed"].color)
    assert charts.is_installed
    assert not Charts(library="not_installed_at_all").is_installed


async def test_without_the_library_it_says_what_to_install() -> None:
    """Without the library, the error says what to install."""
    with pytest.raises(ChartFailed, match=r"install bolt-bot\[charts\]"):
        await Charts(library="not_installed_at_all").draw(of(*EACH))


async def test_a_library_that_fails_is_said_so() -> None:
    """If the library doesn't work, an error says that the chart couldn't be drawn."""
    with pytest.raises(ChartFailed, match="couldn't be drawn"):
        await Charts(library="bot.charts.axes", draw_s=PATIENCE_S).draw(of(*EACH))


async def test_many_at_once_take_turns() -> None:
    """Charts that are requested at once take turns, and requests beyond the limit are refused."""
    charts = Charts(draw_s=PATIENCE_S, at_once=1, asked_most=2)
    asked = [asyncio.create_task(charts.draw(of(*EACH))) for _ in range(4)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, bytes) for one in done] == [True, True, False, False]
    assert all(isinstance(one, ChartFailed) for one in done[2:])


def test_the_library_stays_out_of_the_bot() -> None:
    """The bot doesn't import the library, which would hold the interpreter's lock while drawing."""
    asked = "import sys, bot.app; assert 'resvg_py' not in sys.modules, 'it came along'"
    subprocess.run([sys.executable, "-c", asked], check=True)  # noqa: S603 - our own


def children() -> set[str]:
    """The ids of this process's children that haven't ended."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
