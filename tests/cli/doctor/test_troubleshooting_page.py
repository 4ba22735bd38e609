"""docs/troubleshooting.md: it quotes what the doctor says, and has a row for each cause with a fix."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path
from typing import get_args

from bot.cli.doctor import check_redis
from bot.cli.doctor.examination import AFTERWARDS, AREAS
from bot.cli.doctor.fixes import NETWORK
from bot.store.fitness import About

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
SEEN = PAGE.partition("## Seen by the doctor")[2].partition("## Seen at the first request")[0]
CODE = re.compile(r"`([^`]+)`")


def rows() -> list[list[str]]:
    """The first two cells of each row of the doctor's tables."""
    lines = [line for line in SEEN.splitlines() if line.startswith("| ") and not line.startswith(("| ---", "| check"))]
    return [line.strip("| ").split(" | ")[:2] for line in lines]


def sources() -> str:
    """The bot's whole source."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "bot").rglob("*.py")))


def checks() -> set[str]:
    """The names of all checks in the doctor's source."""
    named = {check.name for area in (*AREAS, *AFTERWARDS) for check in area}
    written = "".join(one.read_text(encoding="utf-8") for one in (ROOT / "bot" / "cli" / "doctor").glob("*.py"))
    return named | {f"Redis {about}" for about in get_args(About)} | set(re.findall(r'"([A-Za-z][A-Za-z ]+)"', written))


def test_what_the_page_quotes_is_said() -> None:
    """Each check on the page exists, and each quoted cause is in the source."""
    text, known = sources(), checks()
    named = [CODE.fullmatch(check) for check, _ in rows() if check != "any"]
    assert [match[1] for match in named if match and match[1] not in known] == []
    assert None not in named
    quoted = list(chain.from_iterable(CODE.findall(says) for _, says in rows()))
    assert len(quoted) >= len(rows())
    assert [cause for cause in quoted if cause not in text] == []


def test_each_cause_with_a_fix_has_a_row() -> None:
    """Each network or Redis cause that has a fix has a row on the page."""
    causes = [part for part, *_ in (*NETWORK, *check_redis.REACHING, *check_redis.REFUSALS)]
    quoted = "\n".join(says for _, says in rows())
    parts = CODE.findall(quoted)
    assert [cause for cause in causes if cause not in quoted and not any(one in cause for one in parts)] == []


def test_the_rights_in_redis_are_those_that_the_doctor_recommends() -> None:
    """The page has the Redis permissions that the doctor recommends, which another test tries."""
    assert check_redis.RULES.format(keys="{bolt:bolt}:") in PAGE
