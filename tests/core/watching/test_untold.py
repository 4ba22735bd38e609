"""What isn't built yet isn't promised."""

from __future__ import annotations

import pytest

from bot.core.model.command import WatchCommand
from bot.core.model.watch import Quiet, SlowAfter
from bot.core.watching.untold import UNTOLD, untold

EVERY_OPTION = {
    "only ends": WatchCommand("x", only="ends"),
    "only all": WatchCommand("x", only="all"),
    "prs": WatchCommand("x", pull_requests=True),
    "late": WatchCommand("x", late_s=60),
    "slow": WatchCommand("x", slow=SlowAfter(factor=2)),
}


@pytest.mark.parametrize("option", UNTOLD)
def test_an_option_that_nothing_acts_on_is_refused(option: str) -> None:
    """By its name, and nothing is changed."""
    refused = untold(EVERY_OPTION[option])
    assert refused is not None
    assert f"--{option}" in refused
    assert refused.endswith("Nothing was changed.")


@pytest.mark.parametrize(
    "command",
    [
        WatchCommand("nightly"),
        WatchCommand("*", owner="ada", branch="*", only="failures", mention="none"),
        WatchCommand("nightly", late_s=0, slow=SlowAfter()),
        WatchCommand("nightly", quiet=Quiet("22:00", "07:00"), time_zone="UTC"),
    ],
)
def test_what_is_built_or_switched_off_is_accepted(command: WatchCommand) -> None:
    """Off promises nothing."""
    assert untold(command) is None
