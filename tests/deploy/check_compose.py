"""compose.yaml is valid by the Compose specification. tests/test_compose.py is about its contents."""

from __future__ import annotations

import yaml

from tests.deploy.schemas import ROOT, wrong


def test_it_is_a_compose_file() -> None:
    """Every key, and the type of every value, is valid."""
    file = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    assert wrong(compose=file) == []


def test_a_wrong_one_is_found() -> None:
    """The check reports a faulty Compose file."""
    assert wrong(compose={"services": {"bot": {"imgae": "x", "read_only": [1]}}})
