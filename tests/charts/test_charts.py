"""Pictures: each is looked at by its pixels, and drawn by a process that is gone afterwards."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import operator
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from bot.charts import draw
from bot.charts.child import SHARED_MEMORY, Charts, cache_folder, written
from bot.core.insight.history import History
from bot.core.model.errors import ChartFailed
from tests.core.insight.test_history import of
from tests.waiting import PATIENCE_S, eventually

EACH = (("S", 100.0), ("F", 40.0), ("C", 10.0), ("K", 0.0), ("S", 120.0), ("f", 90.0), ("S", None))


@pytest.fixture
def charts() -> Charts:
    """Draws."""
    return Charts(draw_s=PATIENCE_S)


def opened(picture: bytes) -> Image.Image:
    """A picture with its pixels."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def has(picture: bytes, color: str) -> bool:
    """Whether some pixels have exactly this color."""
    wanted = tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))
    return any(pixel == wanted and count > 50 for count, pixel in opened(picture).getcolors(1 << 20) or [])


async def test_each_outcome_is_to_be_seen(charts: Charts) -> None:
    """In its own color, on a ground of its own, as large as a phone needs."""
    picture = await charts.draw(of(*EACH))
    assert opened(picture).size == (1280, 960)
    assert all(has(picture, draw.COLOURS[one]) for one in ("succeeded", "failed", "cancelled"))
    assert has(picture, draw.PAPER)
    assert not has(picture, draw.COLOURS["other"])


def test_outcomes_are_told_apart_without_color() -> None:
    """Each but success has a pattern and a letter of its own."""
    others = [one for one in draw.COLOURS if one != "succeeded"]
    assert len({draw.PATTERNS[one] for one in others}) == len({draw.LETTERS[one] for one in others}) == len(others)
    assert all(draw.PATTERNS[one] and draw.LETTERS[one] for one in others)


NAMES = {
    "Nightly full build": "Nightly full build",
    "Hourly 🎉 orders": "Hourly orders",
    "Backfill 2019–2026": "Backfill 2019–2026",
    "$x_{2}$ \\frac": "$x_{2}$ \\frac",
    "Données/été": "Données/été",
    "تقرير المبيعات": "",
    "日本語": "",
    "nightly 日本語": "",
    "🎉🎉": "",
    "a\u202eb\u200dc\n\tab": "abc ab",
    "x" * 200: "x" * 37 + "…",
    "": "",
}
AWKWARD = ("تقرير 🎉", "日本語", "$\\frac{", "\x00\x07", "x" * 5000)
# The longest, the shortest, and those without any length.
UNUSUAL = ([("S", 100.0)] * 99 + [("F", 259_200.0)], [("S", None)] * 3, [("K", 0.0)] * 2)
# Loading the library takes ten times as long as drawing, so one process does for many what `Charts` has one each do.
ASKED = """
import base64, json, sys
from bot.charts.draw import draw, drawable, read
asked = json.load(sys.stdin)
done = {
    "names": [drawable(name) for name in asked["names"]],
    "pictures": [base64.b64encode(draw(read(each))).decode() for each in asked["histories"]],
}
json.dump(done, sys.stdout)
"""


@pytest.fixture(scope="module")
def done() -> dict[str, list[str]]:
    """How each name is drawn, and a picture of each history, in base64."""
    histories = [History(name, of(*EACH).bars) for name in AWKWARD] + [of(*each) for each in UNUSUAL]
    asked = json.dumps({"names": list(NAMES), "histories": [written(each) for each in histories]})
    found = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", ASKED], input=asked.encode(), check=True, capture_output=True, env=Charts._environment()
    )
    assert found.stderr == b""
    answer: dict[str, list[str]] = json.loads(found.stdout)
    return answer


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_as_far_as_it_can_be(done: dict[str, list[str]], name: str) -> None:
    """A name that would be another one without what is missing is left out: the message beside it has it whole."""
    assert done["names"][list(NAMES).index(name)] == NAMES[name]


@pytest.mark.parametrize("number", range(len(AWKWARD) + len(UNUSUAL)))
def test_every_history_is_drawn(done: dict[str, list[str]], number: int) -> None:
    """No name keeps a picture from being drawn, nor do a hundred runs, one of three days, or none with a length."""
    assert opened(base64.b64decode(done["pictures"][number])).size == (1280, 960)


async def test_a_name_with_control_characters_reaches_the_process_that_draws(charts: Charts) -> None:
    """As does every other character."""
    assert opened(await charts.draw(History("".join(AWKWARD), of(*EACH).bars))).size == (1280, 960)


async def test_it_is_given_up_in_time_and_nothing_is_left() -> None:
    """A process that takes too long is ended."""
    charts = Charts(draw_s=0.05)
    before = children()
    with pytest.raises(ChartFailed):
        await charts.draw(of(*EACH))
    await eventually("the drawing process to be gone", lambda: children() - before, operator.not_)


async def test_without_the_library_it_says_what_to_install() -> None:
    """The bot may be installed without the extra."""
    with pytest.raises(ChartFailed, match=r"installing bolt-bot\[charts\]"):
        await Charts(library="not_installed_at_all").draw(of(*EACH))


async def test_many_at_once_take_turns() -> None:
    """And more than can wait are refused."""
    charts = Charts(draw_s=PATIENCE_S, at_once=1, asked_most=2)
    asked = [asyncio.create_task(charts.draw(of(*EACH))) for _ in range(4)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, bytes) for one in done] == [True, True, False, False]
    assert all(isinstance(one, ChartFailed) for one in done[2:])


def test_a_folder_of_somebody_elses_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that others may write to, or a link in its place; where the disk is read-only, memory serves."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mine = Path(cache_folder())
    assert mine.parent == tmp_path
    assert cache_folder() == str(mine)
    mine.chmod(0o777)
    assert cache_folder().startswith(SHARED_MEMORY)
    mine.rmdir()
    mine.symlink_to(tmp_path)
    assert cache_folder().startswith(SHARED_MEMORY)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    assert cache_folder().startswith(SHARED_MEMORY)


def test_the_library_stays_out_of_the_bot() -> None:
    """It is larger than all the rest."""
    asked = "import sys, bot.app; assert not {'matplotlib', 'numpy', 'PIL'} & set(sys.modules), 'it came along'"
    subprocess.run([sys.executable, "-c", asked], check=True)  # noqa: S603


def children() -> set[str]:
    """The processes that this one has started and that are still there."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}
