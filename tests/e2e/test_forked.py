"""The modules imported by the process that bots are forked off."""

from __future__ import annotations

import importlib

import pytest

from tests.e2e.forked import PRELOADED


@pytest.mark.parametrize("name", PRELOADED)
def test_what_is_imported_beforehand_can_be_imported(name: str) -> None:
    """A preloaded module can be imported; one that can't is silently skipped, and each bot would import it again."""
    importlib.import_module(name)
