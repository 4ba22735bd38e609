"""Settings: one frozen object. The text below each setting is its row in docs/settings.md (`make settings`).

Each value is checked by its type in `bot.setting_types`, and those that depend on each other in `bot.load_settings`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot import redis_url
from bot.core.redact.operator_patterns import read_patterns
from bot.proxies import proxy_passwords
from bot.setting_types import (
    Address,
    AppToken,
    BotToken,
    HeartbeatAddress,
    LinkAddress,
    LogFormat,
    LogLevel,
    Name,
    RedisAddress,
    Revision,
    Secret,
    SecretPatterns,
    SigningSecret,
    SlackAddress,
    SlashCommand,
    Uid,
    WebhookSecret,
)

# The shortest part of a path that is taken for a token.
TOKEN_LEAST = 16


class Settings(BaseSettings):
    """The validated settings. Names are the variables' own in lower case; load them with `bot.load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=False
    )

    # --- Slack ---

    slack_bot_token: BotToken
    """The bot token of the Slack app, `xoxb-…`."""
    slack_app_token: AppToken | None = None
    """An app-level token, `xapp-…`. If it's set, the bot uses Socket Mode."""
    slack_signing_secret: SigningSecret | None = None
    """The app's signing secret, for HTTP mode, which the bot uses if there's no app token. One of the two is
    required."""
    slack_api_url: SlackAddress = "https://slack.com/api/"
    """The address of Slack's API. Change it only for the sandbox or a gateway."""
    bolt_bot_command: SlashCommand = "/bolt"
    """The slash command's name. Change it in the app's manifest as well."""
    # Slack's limits; a large workspace may have higher ones. Lower values are for two bots that share an app.
    bolt_bot_edits_a_minute: int = Field(default=48, ge=12, le=10_000)
    """The most calls to `chat.update` that all processes on one Redis make together in any minute. A twelfth is
    reserved for ends. Updates that only show progress use at most half, and updates of incidents' counts another
    quarter, at most 12. Set it lower if another bot uses the same app, higher if Slack has granted you more."""
    bolt_bot_posts_a_minute: int = Field(default=240, ge=12, le=10_000)
    """The most calls to `chat.postMessage` that all processes on one Redis make together in a minute, spread evenly. A
    channel gets at most one message every 1.1 s, whatever is set here."""

    # --- Bolt ---

    paradime_api_endpoint: Address
    """The Bolt workspace's GraphQL address, `https://…/graphql`."""
    paradime_api_secret: Secret
    """The secret of a Bolt API key. If it begins with `prdm_wsp_` or `prdm_cmp_`, `PARADIME_API_KEY` isn't needed."""
    paradime_api_key: Secret | None = None
    """The key of a legacy pair of key and secret."""
    paradime_workspace_uid: Uid | None = None
    """The Bolt workspace's uid; required with a company-wide secret (`prdm_cmp_…`)."""
    paradime_app_url: LinkAddress = "https://app.paradime.io"
    """The address of Paradime's app, for links in Slack. Everybody sees it, so it can't contain a username or a
    password."""
    paradime_webhook_secret: WebhookSecret | None = None
    """If it's set, the bot accepts Bolt's webhooks at `/paradime/webhooks`; otherwise, that path returns 404. `whsec_…`
    is for signed webhooks (Standard Webhooks, Svix). Any other value has to be at least 16 letters, digits, `-`
    and `_`, and each webhook sends it as the last part of the path, as `X-Webhook-Secret` or as a bearer token."""
    # A person is notified of a lost start within 20 s, so no request may take longer.
    bolt_bot_api_timeout_s: float = Field(default=10, ge=0.5, le=20)
    """The timeout of a whole request to Bolt. If the reply to a start takes longer, the bot looks for its run."""
    bolt_bot_poll_min_s: float = Field(default=2, ge=0.1, le=3600)
    """The shortest time between two polls of a run."""
    bolt_bot_poll_max_s: float = Field(default=30, ge=0.1, le=3600)
    """The longest time between two polls of a run."""
    bolt_bot_discover_s: float = Field(default=15, ge=1, le=300)
    """The time between two listings of the schedules, while any channel has watches."""
    bolt_bot_poll_requests_a_s: float = Field(default=10, ge=0.1, le=1000)
    """The most polls that all processes together send in a second. Each asks for up to a hundred runs."""
    bolt_bot_follow_gap_s: float = Field(default=15, ge=1, le=3600)
    """The shortest time between two posts of a live log. Each post lengthens it, up to eight times this value."""
    bolt_bot_log_limit_mb: int = Field(default=64, ge=1, le=1024)
    """The largest response from Bolt that the bot reads, which limits how much memory it needs."""

    # --- Redis ---

    # Secret because it may contain a password.
    redis_url: RedisAddress | None = None
    """The address of Redis (7.0 or newer) or Valkey, in one of the forms below. The server's `maxmemory-policy` has to
    be `noeviction`. Unset: the bot runs an embedded server."""
    bolt_bot_data_dir: Path = Path("data")
    """Where the embedded Redis (Valkey) keeps its append-only file. Only one process at a time can use this folder.
    Redis 7 can't read what Valkey writes, but Valkey can read what Redis 7 writes."""
    bolt_bot_name: Name = "bolt"
    """The deployment's name, with which all its keys begin: several bots can share a Redis if each has its own name.
    The first start under a name records the Slack team, the app and the Bolt workspace; after that, a bot with a
    different team, app or workspace exits with status 1."""
    bolt_bot_adopt: bool = False
    """Take over the data that another team, app or Bolt workspace has under this name. Its cards can no longer be
    edited, its runs are no longer followed, and ends that weren't posted are lost. Unset it again after that start."""
    bolt_bot_lease_s: float = Field(default=10, ge=1, le=300)
    """How long a process keeps what it has claimed; if it's killed, others take over after that. A call to Slack takes
    at most a third of this time; the claim on a file that is being sent lasts six times as long, up to a minute."""
    bolt_bot_retention_days: float = Field(default=30, ge=0.01, le=3650)
    """How long records of finished runs are kept."""

    # --- People ---

    bolt_bot_start_deadline_s: float = Field(default=60, ge=1, le=600)
    """A start that hasn't been sent to Bolt within this time is never sent. The bot accepts only as many
    starts as can get their cards in that time: `BOLT_BOT_POSTS_A_MINUTE` in all, 50 a minute in a channel."""
    bolt_bot_queue_s: float = Field(default=86_400, ge=1, le=604_800)
    """The longest that a start waits for a run of its schedule to end (*Run when it ends*)."""
    bolt_bot_policy_file: Path | None = None
    """A YAML file that says who may do what: see [policy.md](policy.md). Unset: members may do everything, guests can
    only read, and people from other organizations can't do anything."""
    bolt_bot_hints_file: Path | None = None
    """A YAML file of your own hints, which come before the built-in ones: see [hints.md](hints.md#your-own-hints).
    Needs the extra `bolt-bot[hints]`, which the image includes."""
    bolt_bot_owners_file: Path | None = None
    """A YAML file that says who in Slack owns which schedules, so that watches can mention them: see
    [watches.md](watches.md#owners). Owners that it doesn't list are looked up by their email address."""
    bolt_bot_watches_file: Path | None = None
    """A YAML file that says what is watched in which channel; nobody can change these watches in Slack: see
    [watches.md](watches.md#the-watches-file)."""
    bolt_bot_audit_days: float = Field(default=90, ge=1, le=3650)
    """How long entries of the audit log are kept."""
    bolt_bot_audit_entries: int = Field(default=100_000, ge=1000, le=10_000_000)
    """The largest number of entries that are kept in the audit log."""
    bolt_bot_show_row_values: bool = False
    """Show the row values that databases and unit tests quote in logs. By default they're replaced with `(row values
    left out)`."""
    bolt_bot_user_limit: int = Field(default=30, ge=1, le=10_000)
    """How many requests one person may make in 10 s: commands, messages to the bot, clicks, shortcuts, submitted forms.
    The first one above the limit gets a reply, and further ones are dropped."""
    bolt_bot_channel_limit: int = Field(default=100, ge=1, le=10_000)
    """The same limit for all people in one channel together."""

    # --- Process ---

    bolt_bot_http_host: str = "0.0.0.0"  # noqa: S104 - health checks and Slack's posts come from other machines
    """The address on which `/slack/events`, `/paradime/webhooks`, `/healthz`, `/readyz` and `/metrics` are served."""
    bolt_bot_http_port: int = Field(default=8080, ge=0, le=65535)
    """The port at that address. With 0, the system picks a free one, and the bot prints `BOLT_BOT_HTTP_PORT=<port>` on
    standard output as soon as it listens; the same goes for `BOLT_BOT_ADMIN_PORT`."""
    bolt_bot_http_peer_connections: int = Field(default=100, ge=1, le=10_000)
    """How many connections one address may have open at a time, on each port. If the bot is behind a proxy, all of
    Slack's requests come from one address: set this no lower than the number of connections that the proxy opens. If an
    address has more, the one that has been idle the longest is closed."""
    bolt_bot_admin_host: str | None = None
    """The host of `BOLT_BOT_ADMIN_PORT`. Unset: `BOLT_BOT_HTTP_HOST`."""
    bolt_bot_admin_port: int | None = Field(default=None, ge=0, le=65535)
    """If it's set, `/healthz`, `/readyz` and `/metrics` are served only on this port, and return 404 on the other one.
    `bolt-bot healthcheck` uses this port too."""
    bolt_bot_log_format: LogFormat = "console"
    """How log lines are written: for people, or one JSON object each."""
    bolt_bot_log_level: LogLevel = "info"
    """The lowest severity of log lines that are written."""
    # Secret because a pattern may itself reveal something.
    bolt_bot_secret_patterns: SecretPatterns | None = None
    """Further secrets to mask: regular expressions (Python's), one per line, as described below."""
    # Secret because such addresses contain a token.
    bolt_bot_heartbeat_url: HeartbeatAddress | None = None
    """An address that each process requests once a minute (GET) while it's ready, so that a monitoring service notices
    silence: see [operate.md](operate.md#heartbeat). Treated as a secret, because such addresses contain a token."""
    bolt_bot_revision: Revision | None = None
    """The git revision that the bot was built from, for the log line `started` and the metric `bolt_bot_build_info`.
    It's set when an image is built. Unset, in a clone: the revision that is checked out."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - pydantic-settings passes it by name
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only what `bot.load_settings` has read, not any file that happens to exist."""
        return (init_settings,)

    @property
    def socket_mode(self) -> bool:
        """Whether the bot talks to Slack over sockets that it opens (Socket Mode)."""
        return self.slack_app_token is not None

    @property
    def workspace(self) -> str:
        """Return the Bolt workspace's name in our records: its uid, or else the last part of the endpoint's path."""
        if self.paradime_workspace_uid:
            return self.paradime_workspace_uid
        parts = [part for part in urlsplit(self.paradime_api_endpoint).path.split("/") if part not in {"", "graphql"}]
        return re.sub(r"[^\w.-]", "-", parts[-1])[:64] if parts else "default"

    @property
    def slack_call_s(self) -> float:
        """The total time of a call to Slack: a third of a claim's duration."""
        return self.bolt_bot_lease_s / 3

    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Return the patterns of further secrets, for the masker."""
        held = self.bolt_bot_secret_patterns
        return read_patterns(held.get_secret_value()) if held else ()

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, for the masker. In addresses, even of proxies, only passwords count."""
        held = (
            self.slack_bot_token,
            self.slack_app_token,
            self.slack_signing_secret,
            self.paradime_api_key,
            self.paradime_api_secret,
            self.paradime_webhook_secret,
        )
        addresses = [self.slack_api_url, self.paradime_api_endpoint]
        passwords = [urlsplit(address).password for address in addresses]
        # Both as written in the address and decoded: either may appear in an error.
        forms = [form for password in passwords if password for form in (password, unquote(password))]
        if self.bolt_bot_heartbeat_url:
            address = urlsplit(self.bolt_bot_heartbeat_url.get_secret_value())
            # The whole address isn't listed: secrets are masked even if they're cut off, so other addresses that begin
            # in the same way would be masked too. Any part of the path may be the token by itself; short parts are words.
            parts = (address.path, address.query, address.password, *address.path.split("/"))
            forms += [part for part in parts if part and (part == address.path or len(part) >= TOKEN_LEAST)]
        if self.redis_url:
            forms += redis_url.parse_redis_url(self.redis_url.get_secret_value()).secrets()
        forms += proxy_passwords(os.environ)
        return tuple(dict.fromkeys([one.get_secret_value() for one in held if one is not None] + forms))
