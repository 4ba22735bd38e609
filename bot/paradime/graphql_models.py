"""Models of the API's answers, validated here and converted to the core's dataclasses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from bot.core.model import bolt


def read_time(value: object) -> datetime | None:
    """Parse ISO 8601, or `2023-10-15 16:44:16.986049`; UTC if there's no offset. None for empty or invalid input."""
    if not isinstance(value, str) or not value.strip():
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def read_list(value: object) -> list[str]:
    """Parse a list of texts. Null and `[""]`, which means unset, become an empty list."""
    return [one for one in value if isinstance(one, str) and one] if isinstance(value, list) else []


def read_optional(value: object) -> object:
    """Replace an empty text with None."""
    return None if isinstance(value, str) and not value.strip() else value


# Any state, as spelled by Bolt.
State = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1)]
Time = Annotated[datetime | None, BeforeValidator(read_time)]
Texts = Annotated[list[str], BeforeValidator(read_list)]


class Wire(BaseModel):
    """An object of the API: unknown fields are ignored, null counts as missing, names are in camel case."""

    # Inputs contain logs and pre-signed addresses, which error messages must not repeat.
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def without_nulls(cls, value: object) -> object:
        """Remove nulls, so that the fields' defaults apply."""
        if not isinstance(value, dict):
            return value
        return {name: one for name, one in value.items() if one is not None}


class Deferral(Wire):
    """BoltDeferral."""

    enabled: bool = False
    deferred_schedule_name: str | None = None
    deferred_schedule_slug: str | None = None
    defer_environment_slug: str | None = None
    successful_run_only: bool = False

    def core(self) -> bolt.Deferral:
        """Convert to the core's type."""
        return bolt.Deferral(
            self.enabled,
            self.deferred_schedule_name,
            self.deferred_schedule_slug,
            self.defer_environment_slug,
            self.successful_run_only,
        )


class Notification(Wire):
    """BoltNotification."""

    channel: str | None = None
    events: Texts = Field(default_factory=list)
    template_name: str | None = None


class Notifications(Wire):
    """BoltNotifications."""

    email_notifications: list[Notification] | None = None
    slack_notifications: list[Notification] | None = None
    ms_teams_notifications: list[Notification] | None = None

    def core(self) -> tuple[bolt.Notification, ...]:
        """Convert to the core's type."""
        media = (
            ("email", self.email_notifications),
            ("slack", self.slack_notifications),
            ("teams", self.ms_teams_notifications),
        )
        return tuple(
            bolt.Notification(medium, one.channel or "", tuple(one.events), one.template_name)
            for medium, ones in media
            for one in ones or []
        )


class Schedule(Wire):
    """BoltSchedule."""

    id: int
    uuid: str = ""
    name: str
    slug: str | None = None
    schedule: str = "OFF"
    source: str = ""
    owner: str | None = None
    suspended: bool | None = None
    last_run_at: Time = None
    last_run_state: Annotated[State | None, BeforeValidator(read_optional)] = None
    next_run_at: Time = None
    commands: Texts = Field(default_factory=list)
    git_branch: str | None = None
    turbo_ci: Deferral | None = None
    deferred_schedule: Deferral | None = None
    slack_on: Texts = Field(default_factory=list)
    slack_notify: Texts = Field(default_factory=list)
    email_on: Texts = Field(default_factory=list)
    email_notify: Texts = Field(default_factory=list)
    notifications: Notifications | None = None

    def core(self) -> bolt.Schedule:
        """Convert to the core's type. Without a slug, the name is used."""
        return bolt.Schedule(
            id=self.id,
            uuid=self.uuid,
            name=self.name,
            slug=self.slug or self.name,
            cron=self.schedule,
            source=self.source,
            owner=self.owner,
            suspended=self.suspended,
            last_run_at=self.last_run_at,
            last_run_state=self.last_run_state,
            next_run_at=self.next_run_at,
            commands=tuple(self.commands),
            git_branch=self.git_branch or None,
            turbo_ci=self.turbo_ci.core() if self.turbo_ci else None,
            deferral=self.deferred_schedule.core() if self.deferred_schedule else None,
            slack_on=tuple(self.slack_on),
            slack_notify=tuple(self.slack_notify),
            email_on=tuple(self.email_on),
            email_notify=tuple(self.email_notify),
            notifications=self.notifications.core() if self.notifications else (),
        )


class SchedulePage(Wire):
    """BoltSchedulePage."""

    schedules: list[Schedule]
    total_count: int | None = None


class ScheduleActivity(Wire):
    """The fields of BoltSchedule that change when it runs."""

    uuid: str = ""
    name: str = ""
    slug: str | None = None
    suspended: bool | None = None
    last_run_at: Time = None
    last_run_state: Annotated[State | None, BeforeValidator(read_optional)] = None
    next_run_at: Time = None

    def core(self) -> bolt.ScheduleActivity:
        """Convert to the core's type. Without a slug, the name is used."""
        return bolt.ScheduleActivity(
            self.slug or self.name, self.uuid, self.last_run_at, self.last_run_state, self.next_run_at, self.suspended
        )


class ActivityPage(Wire):
    """BoltSchedulePage, with only the fields that change when schedules run. The page's rows aren't validated yet."""

    schedules: list[Any]
    total_count: int | None = None


class ScheduleDetails(Wire):
    """BoltScheduleDetails."""

    ok: bool = True
    latest_run_id: int | None = None
    commands: Texts = Field(default_factory=list)
    owner: str | None = None
    schedule: str = "OFF"
    uuid: str = ""
    source: str = ""
    suspended: bool | None = None

    def core(self) -> bolt.ScheduleDetails:
        """Convert to the core's type."""
        return bolt.ScheduleDetails(
            self.latest_run_id,
            tuple(self.commands),
            self.owner,
            self.schedule,
            self.uuid,
            self.source,
            self.suspended,
        )


class GitInfo(Wire):
    """BoltGitInfo. A commit or a pull request may be sent as a number."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    branch: str | None = None
    commit_hash: str | None = None
    pull_request_id: str | None = None


class RunSummary(Wire):
    """BoltRun."""

    id: int
    state: State
    actor: str = ""
    actor_email: str | None = None
    parent_schedule_run_id: int | None = None
    start_dttm: Time = None
    end_dttm: Time = None
    git_info: GitInfo | None = None

    def core(self) -> bolt.RunSummary:
        """Convert to the core's type."""
        git = self.git_info or GitInfo()
        return bolt.RunSummary(
            id=self.id,
            state=self.state,
            actor=self.actor,
            actor_email=self.actor_email or None,
            parent_run_id=self.parent_schedule_run_id,
            started_at=self.start_dttm,
            ended_at=self.end_dttm,
            branch=git.branch or None,
            commit=git.commit_hash or None,
            pull_request=git.pull_request_id or None,
        )


class RunPage(Wire):
    """BoltRunPage."""

    ok: bool = True
    runs: list[RunSummary]


class Command(Wire):
    """BoltCommand without its output."""

    id: int
    command: str = ""
    start_dttm: Time = None
    end_dttm: Time = None
    return_code: Annotated[int | None, BeforeValidator(read_optional)] = None

    def core(self) -> bolt.BoltCommand:
        """Convert to the core's type."""
        return bolt.BoltCommand(self.id, self.command, self.start_dttm, self.end_dttm, self.return_code)


class RunStatus(Wire):
    """BoltRunStatus."""

    state: State
    commands: list[Command] | None = None

    def core(self) -> bolt.RunStatus:
        """Convert to the core's type. Ids increase in the order in which commands ran."""
        commands = sorted(self.commands or [], key=lambda command: command.id)
        return bolt.RunStatus(self.state, tuple(command.core() for command in commands))


class Resource(Wire):
    """BoltResource."""

    id: int
    path: str


class CommandResources(Wire):
    """BoltCommand with only its artifacts."""

    resources: list[Resource] | None = None

    def files(self) -> tuple[bolt.Resource, ...]:
        """Convert to the core's type."""
        return tuple(bolt.Resource(one.id, one.path) for one in self.resources or [])


class CommandOutput(Command):
    """BoltCommand with its output."""

    stdout: str | None = None
    stderr: str | None = None
    schedule_run_id: int | None = None
    resources: list[Resource] | None = None

    def output(self) -> bolt.CommandOutput:
        """Convert to the core's type."""
        resources = CommandResources(resources=self.resources).files()
        return bolt.CommandOutput(self.core(), self.schedule_run_id, self.stdout or "", self.stderr or "", resources)


class CommandRun(Wire):
    """BoltCommand with only its run."""

    schedule_run_id: int | None = None


class LogLine(Wire):
    """BoltLogLine."""

    stream: str
    line: str


class LogPage(Wire):
    """BoltCommandLogs."""

    lines: list[LogLine]
    cursor: str
    finished: bool

    def core(self) -> bolt.LogPage:
        """Convert to the core's type."""
        return bolt.LogPage(tuple((one.stream, one.line) for one in self.lines), self.cursor, self.finished)


class ResourceUrl(Wire):
    """BoltResourceUrl."""

    ok: bool = False
    url: str | None = Field(default=None, repr=False)


class RunStarted(Wire):
    """BoltRunStarted."""

    ok: bool = True
    run_id: int


class Done(Wire):
    """BoltOk."""

    ok: bool
