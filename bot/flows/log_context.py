"""Add the run and the request to every line that a job logs, so that one search shows a run's whole life."""

from __future__ import annotations

from structlog.contextvars import bind_contextvars

from bot.core.model.run import Run, RunKey

# Due sets whose members are requests, and those whose members are runs. Other sets hold schedules, channels and so on.
OF_REQUESTS = frozenset({"requests", "queue", "approvals"})
OF_RUNS = frozenset({"ends", "cancels", "follows", "slow"})


def log_member(due_set: str, member: str) -> None:
    """Add the request or run that a claimed member identifies to every log line. Call this in the job's own task."""
    if due_set in OF_REQUESTS:
        log_request(member)
    elif due_set in OF_RUNS:
        try:
            bind_contextvars(run=RunKey.parse(member).id)
        except ValueError:
            return


def log_request(request_id: str) -> None:
    """Add a request to the log lines."""
    bind_contextvars(request=request_id)


def log_run(run: Run) -> None:
    """Add a run to the log lines, and the request that started it, if there was one."""
    bind_contextvars(run=run.id)
    if run.facts.request:
        log_request(run.facts.request)
