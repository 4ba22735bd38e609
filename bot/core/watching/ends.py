"""Ends of runs as watches account for them: from a stored run, or from a listing alone.

`bot.core.watching.counted_runs` decides which ends count for a watch.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.model.bolt import RunSummary
from bot.core.model.run import End, Run, is_failed
from bot.core.model.run_end import RunEnd, RunError
from bot.core.runs.progress import ran_others
from bot.core.watching.same_error import error_of, unread_error


def end_of_run(run: Run, end: End) -> RunEnd:
    """The end of a run that was followed, with what its log says."""
    facts, command = run.facts, end.failed
    failed = is_failed(run.seen.state)
    return RunEnd(
        run.id,
        run.seen.state,
        end.started_at or run.started_at,
        end.ended_at or run.ended_at,
        branch=end.branch or facts.branch,
        commit=end.commit,
        pull_request=str(facts.pull_request) if facts.pull_request else None,
        parent=facts.parent_run,
        actor=facts.actor,
        asked_by=facts.asked_by,
        closes=_closes(run),
        command=command.text if command else "",
        summary=end.summary,
        errors=_errors(end) if failed else (),
        cause=end.causes[0] if end.causes else None,
        log=end.log,
        request=facts.request,
    )


def end_of_listing(listed: RunSummary) -> RunEnd:
    """The end of a run that is known only from the listing."""
    return RunEnd(
        listed.id,
        listed.state,
        listed.started_at,
        listed.ended_at,
        branch=listed.branch,
        commit=listed.commit,
        pull_request=listed.pull_request,
        parent=listed.parent_run_id,
        actor=listed.actor or None,
        actor_email=listed.actor_email,
    )


def without_log(end: RunEnd) -> RunEnd:
    """A run's end without the text of its log. Errors keep their keys, so that a new error is still recognized."""
    errors = tuple(replace(error, line="") for error in end.errors)
    return replace(end, errors=errors, summary=None, cause=None)


def _closes(run: Run) -> bool:
    """Whether a run's success shows that the schedule works.

    The success of a run with commands other than the schedule's doesn't count. A retry has its parent's commands.
    """
    facts = run.facts
    if facts.overridden:
        return False
    return facts.parent_run is not None or not ran_others(run.seen.commands, facts.commands)


def _errors(end: End) -> tuple[RunError, ...]:
    """The errors of a failed run; empty until its log has been read."""
    if end.log == "late":
        return ()
    if end.nodes:
        return tuple(error_of(node.name, node.message) for node in end.nodes)
    command = end.failed
    said = end.excerpt or end.summary
    if command is not None and said:
        return (error_of(command.text, said, hint=end.causes[0].id if end.causes else ""),)
    return (unread_error(command.text, command.return_code) if command else unread_error("", None),)
