"""What the process imports that bots are forked off."""

from __future__ import annotations

import importlib

import pytest

from tests.e2e.forked import PRELOADED


@pytest.mark.parametrize("name", PRELOADED)
def test_what_is_imported_beforehand_can_be_imported(name: str) -> None:
    """The forking process skips what it can't import without a word: each bot would do all of it again."""
    importlib.import_module(name)
