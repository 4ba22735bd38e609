"""The modules imported by the process from which bots are forked."""

from __future__ import annotations

import importlib

import pytest

from tests.e2e.forked import PRELOADED


@pytest.mark.parametrize("name", PRELOADED)
def test_what_is_imported_beforehand_can_be_imported(name: str) -> None:
    """Each is a module's name. A wrong name would be skipped silently, and each bot would import the module itself."""
    importlib.import_module(name)
