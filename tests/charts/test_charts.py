"""Pictures: each is looked at by its pixels, and drawn by a process that is gone afterwards."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from PIL import Image

from bot.charts import draw
from bot.charts.child import SHARED_MEMORY, Charts, cache_folder
from bot.core.errors import NoChart
from bot.core.history import History
from tests.core.test_history import of

EACH = (("S", 100.0), ("F", 40.0), ("C", 10.0), ("K", 0.0), ("S", 120.0), ("f", 90.0), ("S", None))


@pytest.fixture
def charts() -> Charts:
    """Draws."""
    return Charts()


def opened(picture: bytes) -> Image.Image:
    """A picture with its pixels."""
    return Image.open(io.BytesIO(picture)).convert("RGB")


def has(picture: bytes, colour: str) -> bool:
    """Whether some pixels have exactly this colour."""
    wanted = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return any(pixel == wanted and count > 50 for count, pixel in opened(picture).getcolors(1 << 20) or [])


async def test_each_outcome_is_to_be_seen(charts: Charts) -> None:
    """In its own colour, on a ground of its own, as large as a phone needs."""
    picture = await charts.draw(of(*EACH))
    assert opened(picture).size == (1280, 960)
    assert all(has(picture, draw.COLOURS[one]) for one in ("succeeded", "failed", "cancelled"))
    assert has(picture, draw.PAPER)
    assert not has(picture, draw.COLOURS["other"])


def test_outcomes_are_told_apart_without_colour() -> None:
    """Each but success has a pattern and a letter of its own."""
    others = [one for one in draw.COLOURS if one != "succeeded"]
    assert len({draw.PATTERNS[one] for one in others}) == len({draw.LETTERS[one] for one in others}) == len(others)
    assert all(draw.PATTERNS[one] and draw.LETTERS[one] for one in others)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Nightly full build", "Nightly full build"),
        ("Hourly 🎉 orders", "Hourly orders"),
        ("Backfill 2019–2026", "Backfill 2019–2026"),
        ("$x_{2}$ \\frac", "$x_{2}$ \\frac"),
        ("Données/été", "Données/été"),
        ("تقرير المبيعات", ""),
        ("日本語", ""),
        ("nightly 日本語", ""),
        ("🎉🎉", ""),
        ("a\u202eb\u200dc\n\tab", "abc ab"),
        ("x" * 200, "x" * 37 + "…"),
        ("", ""),
    ],
)
def test_a_name_is_drawn_as_far_as_it_can_be(name: str, drawn: str) -> None:
    """A name that would be another one without what is missing is left out: the message beside it has it whole."""
    asked = f"import sys; from bot.charts.draw import drawable; sys.stdout.buffer.write(drawable({name!r}).encode())"
    found = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True)  # noqa: S603
    assert found.stdout.decode() == drawn
    assert found.stderr == b""


@pytest.mark.parametrize("name", ["تقرير 🎉", "日本語", "$\\frac{", "\x00\x07", "x" * 5000])
async def test_no_name_keeps_a_picture_from_being_drawn(charts: Charts, name: str) -> None:
    """Nor one of a hundred runs, one of three days, or none with a length."""
    assert opened(await charts.draw(History(name, of(*EACH).bars))).size == (1280, 960)


@pytest.mark.parametrize("each", [[("S", 100.0)] * 99 + [("F", 259_200.0)], [("S", None)] * 3, [("K", 0.0)] * 2])
async def test_unusual_histories_are_drawn(charts: Charts, each: list[tuple[str, float | None]]) -> None:
    """The longest, the shortest, and those without any length."""
    assert opened(await charts.draw(of(*each))).size == (1280, 960)


async def test_it_is_given_up_in_time_and_nothing_is_left() -> None:
    """A process that takes too long is ended."""
    charts, before = Charts(draw_s=0.05), children()
    with pytest.raises(NoChart):
        await charts.draw(of(*EACH))
    # Servers that other tests keep are not ours.
    assert set(children()) <= set(before)


async def test_many_at_once_take_turns() -> None:
    """And more than can wait are refused."""
    charts = Charts(at_once=1, asked_most=2)
    asked = [asyncio.create_task(charts.draw(of(*EACH))) for _ in range(4)]
    done = await asyncio.gather(*asked, return_exceptions=True)
    assert [isinstance(one, bytes) for one in done] == [True, True, False, False]
    assert all(isinstance(one, NoChart) for one in done[2:])


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


def children() -> list[str]:
    """The processes that this one has started and that are still there."""
    return [child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()]
