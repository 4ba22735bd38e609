"""docs/redis-keys-and-lifetimes.md lists every kind of key with its lifetime, and no other."""

from __future__ import annotations

import re

from bot.settings import Settings
from bot.wiring.work_table import DUE_SETS
from tests.pages import CODE, ROOT, read, table

NAME = "docs/redis-keys-and-lifetimes.md"
LIVES, WORDS = "How long each key lives", "Words that differ from the code's names"
STORE = ROOT / "bot" / "store"
KEYS = {"*.lua": re.compile(r"\bkey\('(\w+)'"), "*.py": re.compile(r"(?:\.key|DeliveryKind)\(\"(\w+)\"")}
WORD = re.compile(r"(keys?|due set|post) ((?:`\w+`(?:, )?)+)")


def test_every_kind_of_key_is_told() -> None:
    """Every kind of key in the store is listed with its lifetime, and nothing else is."""
    used = {
        kind for pattern, key in KEYS.items() for path in STORE.rglob(pattern) for kind in key.findall(path.read_text())
    }
    told = [name for row in table(NAME, LIVES) for name in CODE.findall(row[0])]
    assert sorted(told) == sorted(used)
    assert all(row[2] for row in table(NAME, LIVES))


def test_the_words_that_it_explains_are_stored() -> None:
    """Each explained word is a key, a due set or a class of posts. tests/test_docs.py checks the named files."""
    posts = re.search(
        r"^local POSTS = {(.*?)}", (STORE / "scripts" / "shared" / "lanes.lua").read_text(), re.MULTILINE | re.DOTALL
    )
    assert posts is not None
    known = {
        "key": {name for row in table(NAME, LIVES) for name in CODE.findall(row[0])},
        "due set": {row.name for row in DUE_SETS},
        "post": set(re.findall(r"'(\w+)'", posts[1])),
    }
    rows = table(NAME, WORDS)
    assert rows
    for row in rows:
        explained = WORD.findall(row[0])
        assert explained, row
        for kind, words in explained:
            assert set(CODE.findall(words)) <= known[kind.removesuffix("s")], row


def test_the_settings_that_it_names_are_there() -> None:
    """The settings that the page names exist."""
    named = {name for name in CODE.findall(read(NAME)) if name.startswith("BOLT_BOT_")}
    assert named <= {name.upper() for name in Settings.model_fields}
