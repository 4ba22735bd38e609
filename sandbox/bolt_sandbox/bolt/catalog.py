"""The sandbox's initial schedules, each with different behavior."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bolt_sandbox.bolt.model import Character, Schedule, Step
from bolt_sandbox.bolt.plan import WRITES_RESULTS, WRITES_SOURCES, plausible

HOUR_S = 3600
DAY_S = 24 * HOUR_S
FIRST_YEAR, LAST_YEAR = 2019, 2026
BACKFILL_STEP_S = 56.0


def dbt(command: str, duration_s: float, log: str, return_code: int = 0) -> Step:
    """Return a dbt command that writes run_results.json."""
    return Step(command, duration_s, return_code, log, WRITES_RESULTS)


def compile_error(command: str, duration_s: float = 2.0) -> Step:
    """Return a dbt command with a compilation error, which therefore writes nothing."""
    return Step(command, duration_s, 2, "compilation-error")


def opening_schedules() -> list[Schedule]:
    """Return all schedules, in listing order. The first succeeds in about 10 s, and the second fails sooner."""
    made = [*_everyday(), *_unusual(), *_inactive()]
    for number, schedule in enumerate(made, start=401):
        schedule.id = number
    return made


def _everyday() -> list[Schedule]:
    return [
        Schedule(
            0,
            "Nightly full build",
            "nightly",
            Character(
                (
                    dbt("dbt seed", 1.8, "seed"),
                    dbt("dbt run", 3.2, "run-success"),
                    dbt("dbt test", 2.0, "test-success"),
                ),
                history="SSSSSS",
            ),
            cron="0 2 * * *",
            period_s=DAY_S,
            owner="ada@acme-data.example",
            turbo_ci=_deferral(enabled=False),
            notifications=_notifications("#data-alerts", "ada@acme-data.example"),
            slack=(["failed", "passed"], ["#data-alerts"]),
            email=(["failed"], ["ada@acme-data.example"]),
        ),
        Schedule(
            0,
            "Hourly orders",
            "hourly",
            Character(
                (
                    dbt("dbt seed", 1.5, "seed"),
                    dbt("dbt run --select +fct_revenue+", 3.5, "run-model-error", 1),
                    dbt("dbt test --select fct_revenue", 2.0, "test-success"),
                ),
                history="SSSSSFSSSSCSSSSSFSSFSSSS",
            ),
            cron="0 * * * *",
            period_s=HOUR_S,
            owner="grace@acme-data.example",
            slack=(["failed"], ["#data-alerts"]),
        ),
        Schedule(
            0,
            "Data quality tests",
            "data-quality-tests",
            Character(
                (dbt("dbt build", 4.0, "build-test-failure", 1),),
                phases=(("STARTING", 1.5),),
                history="SFSS",
            ),
            cron="30 */6 * * *",
            period_s=6 * HOUR_S,
            owner="grace@acme-data.example",
            turbo_ci=_deferral(enabled=True, slug="nightly"),
            deferral=_deferral(enabled=True, environment="production"),
            notifications=_notifications("#data-quality", "grace@acme-data.example", teams="Data quality"),
        ),
        Schedule(
            0,
            "Backfill 2019–2026",
            "backfill",
            Character(_backfill_steps(), history="SC"),
            source="api",
        ),
        Schedule(
            0,
            "Source freshness",
            "freshness",
            Character(
                (
                    Step(
                        "dbt source freshness",
                        3.0,
                        1,
                        "freshness-error",
                        WRITES_SOURCES,
                    ),
                ),
                history="SSF",
            ),
            cron="*/30 * * * *",
            period_s=HOUR_S // 2,
        ),
        Schedule(
            0,
            "Compile check",
            "compile",
            Character((compile_error("dbt build"),), history="SF"),
            git_branch=None,
        ),
        Schedule(
            0,
            "Finance close",
            "finance-close",
            Character(
                (dbt("dbt build --select tag:finance", 6.0, "build-success"),),
                history="SSS",
            ),
            cron="0 6 1 * *",
            period_s=30 * DAY_S,
            source="yaml",
            owner="finance@acme-data.example",
            suspended=True,
            deferral=_deferral(enabled=True, slug="nightly"),
        ),
    ]


def _unusual() -> list[Schedule]:
    run = dbt("dbt run", 3.0, "run-success")
    return [
        Schedule(
            0,
            "Always on",
            "already-running",
            Character(
                (dbt("dbt run --vars '{live: true}'", 2.0 * HOUR_S, "run-success"),),
                always_on=True,
            ),
        ),
        Schedule(
            0,
            "Slow start",
            "slow-start",
            Character((run,), phases=(("STARTING", 6.0), ("DEPLOYING", 6.0))),
        ),
        Schedule(
            0,
            "Skipper",
            "skipper",
            Character((run,), phases=(("STARTING", 3.0),), skips=True),
            cron="0 9 * * 1",
        ),
        Schedule(
            0,
            "Cancelled elsewhere",
            "cancelled-elsewhere",
            Character(
                (dbt("dbt seed", 2.0, "seed"), dbt("dbt build", 14.0, "build-success")),
                cancelled_after_s=9.0,
            ),
        ),
        Schedule(
            0,
            "Noisy ingest",
            "noisy",
            Character((dbt("dbt --debug run", 5.0, "noisy", 1),), history="F"),
        ),
        Schedule(
            0,
            "Partner export",
            "partner-export",
            Character(
                (
                    run,
                    Step(
                        "python scripts/export.py --partner acme",
                        2.5,
                        1,
                        "python-error",
                    ),
                ),
                fails_as="FAILED",
                history="SSF",
            ),
            owner="ada@acme-data.example",
        ),
        Schedule(
            0,
            "Flaky sync",
            "flaky",
            Character((dbt("dbt run", 3.0, "run-model-error", 1),), fails_first=2),
        ),
        Schedule(
            0,
            "Seed then compile",
            "seed-then-compile",
            Character((dbt("dbt seed", 2.0, "seed"), compile_error("dbt run"))),
        ),
        Schedule(
            0,
            "Warehouse load",
            "warehouse-load",
            Character(
                (dbt("dbt run --select staging", 8.0, "run-success"), dbt("dbt test", 4.0, "test-success")),
                exclusive=True,
                history="SSS",
            ),
            cron="0 */4 * * *",
            period_s=4 * HOUR_S,
        ),
    ]


def _inactive() -> list[Schedule]:
    run = dbt("dbt run", 3.0, "run-success")
    return [
        Schedule(
            0,
            "Nightly (2024)",
            "nightly-2024",
            Character((run,), history="S"),
            active=False,
        ),
        Schedule(
            0,
            "Legacy export",
            "legacy-export",
            Character((run,)),
            source="yaml",
            active=False,
        ),
    ]


def _backfill_steps() -> tuple[Step, ...]:
    steps: list[Step] = []
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        years = f"--vars '{{year: {year}}}'"
        steps.append(dbt(f"dbt run --select fct_revenue {years}", BACKFILL_STEP_S, "run-success"))
        steps.append(
            dbt(
                f"dbt test --select fct_revenue {years}",
                BACKFILL_STEP_S,
                "test-success",
            )
        )
    return tuple(steps)


def _deferral(*, enabled: bool, slug: str | None = None, environment: str | None = None) -> dict[str, Any]:
    return {
        "enabled": enabled,
        "deferredScheduleName": slug,
        "deferredScheduleSlug": slug,
        "deferEnvironmentSlug": environment,
        "successfulRunOnly": True,
    }


def _notifications(slack: str, email: str, *, teams: str | None = None) -> dict[str, Any]:
    def item(channel: str, *events: str, template: str | None = None) -> dict[str, Any]:
        return {
            "channel": channel,
            "events": list(events),
            "templateSlug": template.lower() if template else None,
            "templateName": template,
        }

    return {
        "emailNotifications": [item(email, "failed")],
        "slackNotifications": [item(slack, "failed", "passed")],
        "msTeamsNotifications": [item(teams, "failed", template="Short")] if teams else [],
    }


def own_character(commands: list[str]) -> Character:
    """Return the character of a schedule with these commands."""
    return Character(tuple(plausible(command) for command in commands))


def past_runs(schedules: list[Schedule], now: datetime) -> list[tuple[datetime, Schedule, str]]:
    """Return the past runs, oldest first: when each began, its schedule, and its letter in the schedule's history."""
    past: list[tuple[datetime, Schedule, str]] = []
    for schedule in schedules:
        period_s = schedule.period_s or DAY_S
        for back, letter in enumerate(reversed(schedule.character.history), start=1):
            past.append((now - timedelta(seconds=back * period_s + schedule.id), schedule, letter))
    return sorted(past, key=lambda each: each[0])
