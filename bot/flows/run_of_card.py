"""The run of a card."""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.card import Card
from bot.core.model.run import Run
from bot.flows.ports.store import Runs


async def run_of_card(runs: Runs, card: Card | None) -> Run | None:
    """Load the run of a card, with the person who follows it there. Returns None if the card has no run."""
    run = await runs.load_run(card.run) if card and card.run else None
    if run is None or card is None or card.follower is None:
        return run
    return replace(run, facts=replace(run.facts, followed_by=card.follower))
