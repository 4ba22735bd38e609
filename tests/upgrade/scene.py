"""One of everything that a bot can hold: made in the sandbox by one version's bot, and continued by another's."""

from __future__ import annotations

from pathlib import Path

from bolt_sandbox.bolt import Start
from bolt_sandbox.slack import Fault as SlackFault
from bot.core.views.buttons import INCIDENT_SNOOZE, snooze_value
from tests.e2e.elsewhere import SCHEDULER, SLUG, add_schedule, ends
from tests.e2e.stage import CHANNEL, PERSON, Stage
from tests.e2e.test_policy import policy
from tests.e2e.test_queue import queued

MARTS = tuple(f"mart-{number}" for number in range(8))
WATCHED, CHECKED = "watched", "checked"
RULES = f"""\
version: 1
rules:
  - name: four eyes
    what: start
    which: {{schedules: [{CHECKED}]}}
    approve: {{by: "@data-team", within: 12 h}}
  - allow: true
"""
SETTINGS = {"BOLT_BOT_DISCOVER_S": "1"}


def prepare(stage: Stage) -> dict[str, str]:
    """Add the scene's schedules, and return the settings of its bots."""
    for slug in (SLUG, WATCHED, CHECKED, *MARTS):
        add_schedule(stage, slug=slug)
    workspace = stage.sandbox.workspace
    workspace.channel("analytics").members.append(workspace.bot.id)
    return {**SETTINGS, **policy(stage, RULES)}


async def play(stage: Stage, settings: dict[str, str]) -> None:
    """Start a bot and make one of everything. At the end, the run of SLUG, an incident and an outage are still open."""
    bolt, people = stage.sandbox.bolt, stage.sandbox.slack.people
    await stage.start_bot(settings)
    await stage.slash("run hourly")
    await stage.until(lambda: bool(stage.cards()) and len(stage.replies()) == 2)
    await stage.slash(f"run {SLUG}")
    await stage.until(stage.card_says("is running"))
    await queued(stage, user="grace")
    await stage.slash(f"run {CHECKED}")
    await stage.until(stage.card_says("is waiting for approval"))
    await stage.slash(f"watch {WATCHED} --mention none")
    await stage.slash("watch mart-* --mention none", channel="analytics")
    await stage.slash("watch nightly --quiet 22:00-07:00", channel="analytics")
    await stage.slash("digest daily 09:00 --tz Europe/Berlin")
    for pattern in (WATCHED, "mart-*", "nightly"):
        await stage.until(stage.told_privately(f"Now watching `{pattern}` here"))
    watched = bolt.start(WATCHED, Start(), SCHEDULER)
    runs = [bolt.start(slug, Start(), SCHEDULER) for slug in MARTS]
    ends(stage, watched, "FAILED")
    await stage.until(stage.card_says(":red_circle: *Load the warehouse* failed"))
    message = next(card for card in stage.cards() if ":red_circle:" in card.text)
    value = snooze_value(WATCHED, "recovery")
    await people.click(PERSON, CHANNEL, message.ts, action_id=INCIDENT_SNOOZE, value=value)
    await stage.until(lambda: "Snoozed by ada" in str(message.blocks))
    for run in runs:
        ends(stage, run, "FAILED")
    await stage.until(lambda: any("3 schedules* failing" in str(one.blocks) for one in stage.cards("analytics")))
    active = next(run for run in stage.started() if run.slug == SLUG)
    await stage.slash(f"logs {active.id} --follow")
    await stage.until(stage.replied("dbt"), timeout_s=5)
    stage.sandbox.workspace.faults.add(SlackFault("drop_before", "files.getUploadURLExternal", count=None))
    await stage.slash(f"logs {stage.started()[0].id}")


async def go_on(stage: Stage) -> None:
    """Have another version's bot finish everything, and check that each end is announced once."""
    bolt = stage.sandbox.bolt
    active = next(run for run in bolt.runs() if run.slug == SLUG)
    bolt.end(active.id, "SUCCESS")
    ts = next(card.ts for card in stage.cards() if f"{active.id}" in card.text)
    await stage.until(lambda: thread(stage, ts, "succeeded") == 1)
    # The queued start's turn has come.
    await stage.until(lambda: sum(run.slug == SLUG for run in bolt.runs()) == 2)
    second = next(run for run in bolt.runs() if run.slug == SLUG)
    bolt.end(second.id, "FAILED")
    await stage.until(lambda: any(f"{second.id}" in card.text and "failed" in card.text for card in stage.cards()))
    recovered = bolt.start(WATCHED, Start(), SCHEDULER)
    bolt.end(recovered.id, "SUCCESS")
    await stage.until(stage.card_says("recovered by"))
    assert thread(stage, ts, "succeeded") == 1


def thread(stage: Stage, ts: str, words: str) -> int:
    """How many replies in a thread contain these words."""
    return sum(words in one.text for one in stage.sandbox.workspace.channel(CHANNEL).replies(ts))


def errors(log: Path) -> list[str]:
    """The lines that a bot has logged as errors."""
    return [line for line in log.read_text().splitlines() if "[error" in line or "[critical" in line]
