"""Settings: one frozen object, read once from the environment and the files that it names."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from rapidfuzz import fuzz, process

from bot import redis_url
from bot.core.insight.hints.file import HintsFileError
from bot.core.policy.file import PolicyError, read_policy
from bot.core.policy.rules import DEFAULT, Policy
from bot.core.redact.masker import Redactor
from bot.core.redact.patterns import PatternError, read_patterns
from bot.core.text.yaml_file import YamlFileError
from bot.environment import EnvironmentValues, file_variable, read_environment
from bot.hints_file import load_own_hints
from bot.watch_files import load_owners, load_watches

# Prefixes of Bolt secrets that need no key: a workspace's, and a company's.
BEARER_PREFIXES = ("prdm_wsp_", "prdm_cmp_")
COMPANY_PREFIX = "prdm_cmp_"
SLASH_COMMAND = r"/[^\s/A-Z]{1,31}"
BOT_TOKENS, APP_TOKENS = ("xoxb-", "xoxe.xoxb-"), ("xapp-",)
# Variables of other programs may begin like ours, so only those that are nearly one of ours count as misspelt.
SHARED_PREFIXES = ("SLACK_", "PARADIME_", "REDIS_")
NEARLY = 85


class SettingsError(ValueError):
    """Settings are missing or malformed. One line per variable: its name and what it should be, never its value."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def _should(what: str) -> PydanticCustomError:
    return PydanticCustomError("should", "{what}", {"what": f"should {what}"})


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        fits = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits or re.search(r"\s", value):
        raise _should("be an address that begins with https:// or http://")
    return value


def _for_links(value: str) -> str:
    if "@" in urlsplit(value).netloc:
        raise _should("not contain a user or a password: it appears in links")
    return value


def _with_slash(value: str) -> str:
    return value if value.endswith("/") else f"{value}/"


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _redis_address(value: SecretStr) -> SecretStr:
    try:
        redis_url.parse_redis_url(value.get_secret_value())
    except ValueError as error:
        raise _should(str(error)) from None
    return value


def _starting(*prefixes: str) -> AfterValidator:
    def check(value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if not text.startswith(prefixes) or not re.fullmatch(r"[\x21-\x7e]+", text):
            raise _should(f"begin with {' or '.join(prefixes)}")
        return value

    return AfterValidator(check)


def _patterns(value: SecretStr) -> SecretStr:
    try:
        read_patterns(value.get_secret_value())
    except PatternError as error:
        raise _should(str(error)) from None
    return value


def _one_word(value: SecretStr) -> SecretStr:
    # It's sent in an HTTP header.
    if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
        raise _should("be one word of ASCII characters")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    what = "be whsec_ and base64 of at least 16 bytes (signed webhooks), or one word of at least 16 letters, digits, - and _"
    if text.startswith("whsec_"):
        try:
            fits = len(base64.b64decode(text.removeprefix("whsec_") + "==", validate=False)) >= 16
        except ValueError:
            fits = False
    else:
        # It may be part of a path.
        fits = re.fullmatch(r"[\w-]{16,256}", text, re.ASCII) is not None
    if not fits:
        raise _should(what)
    return value


def _matching(pattern: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise _should(what)
        return value

    return AfterValidator(check)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _not_a_token(value: SecretStr) -> SecretStr:
    if value.get_secret_value().startswith((*BOT_TOKENS, *APP_TOKENS, "xoxp-")):
        raise _should("be the signing secret of the Slack app, not a token")
    return value


Secret = Annotated[SecretStr, AfterValidator(_one_word)]
Address = Annotated[str, AfterValidator(_web_address)]
Name = Annotated[str, _matching(r"[a-z0-9-]{1,32}", "be 1 to 32 lower-case letters, digits and dashes")]
SlashCommand = Annotated[str, _matching(SLASH_COMMAND, "be a slash command of at most 32 characters, as in /bolt")]
Revision = Annotated[
    str, _matching(r"[\w.-]{1,64}", "be a git revision: letters, digits, dots, dashes and underscores")
]
Uid = Annotated[str, _matching(r"[\w.-]{1,64}", "be the workspace's uid: letters, digits, dashes and underscores")]


class Environment(PydanticBaseSettingsSource):
    """The only source of settings: variables with the fields' names, or files that such variables name."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """Return a field's value as text."""
        del field  # the name says it all
        return read_environment([field_name.upper()]).values.get(field_name.upper()), field_name, False

    def __call__(self) -> dict[str, str]:
        """Return everything that is set."""
        return {name.lower(): value for name, value in self.read().values.items()}

    def read(self) -> EnvironmentValues:
        """Return the same with where it comes from, and what can't be read."""
        return read_environment(name.upper() for name in self.settings_cls.model_fields)


class Settings(BaseSettings):
    """The validated environment. Names are the variables' own in lower case; create one with `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, hide_input_in_errors=True, validate_default=False
    )

    slack_bot_token: Annotated[SecretStr, _starting(*BOT_TOKENS)]
    slack_app_token: Annotated[SecretStr, _starting(*APP_TOKENS)] | None = None
    slack_signing_secret: Annotated[Secret, AfterValidator(_not_a_token)] | None = None
    slack_api_url: Annotated[Address, AfterValidator(_with_slash)] = "https://slack.com/api/"

    paradime_api_endpoint: Address
    paradime_api_key: Secret | None = None
    paradime_api_secret: Secret
    paradime_workspace_uid: Uid | None = None
    paradime_app_url: Annotated[Address, AfterValidator(_for_links), AfterValidator(_without_slash)] = (
        "https://app.paradime.io"
    )
    paradime_webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = None

    # Secret because it may contain a password.
    redis_url: Annotated[SecretStr, AfterValidator(_redis_address)] | None = None

    bolt_bot_name: Name = "bolt"
    bolt_bot_adopt: bool = False
    bolt_bot_data_dir: Path = Path("data")
    bolt_bot_http_host: str = "0.0.0.0"  # noqa: S104 - health checks and Slack's posts come from other machines
    # With port 0 the system picks one, and the bot prints it.
    bolt_bot_http_port: int = Field(default=8080, ge=0, le=65535)
    bolt_bot_http_peer_connections: int = Field(default=100, ge=1, le=10_000)
    bolt_bot_admin_host: str | None = None
    bolt_bot_admin_port: int | None = Field(default=None, ge=0, le=65535)
    bolt_bot_poll_min_s: float = Field(default=2, ge=0.1, le=3600)
    bolt_bot_poll_max_s: float = Field(default=30, ge=0.1, le=3600)
    bolt_bot_discover_s: float = Field(default=15, ge=1, le=300)
    bolt_bot_command: SlashCommand = "/bolt"
    bolt_bot_log_format: Annotated[Literal["console", "json"], BeforeValidator(_lower)] = "console"
    bolt_bot_log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)] = "info"
    bolt_bot_lease_s: float = Field(default=10, ge=1, le=300)
    bolt_bot_start_deadline_s: float = Field(default=60, ge=1, le=600)
    bolt_bot_queue_s: float = Field(default=86_400, ge=1, le=604_800)
    # A person is notified of a lost start within 20 s, so no request may take longer.
    bolt_bot_api_timeout_s: float = Field(default=10, ge=0.5, le=20)
    bolt_bot_retention_days: float = Field(default=30, ge=0.01, le=3650)
    bolt_bot_user_limit: int = Field(default=30, ge=1, le=10_000)
    bolt_bot_channel_limit: int = Field(default=100, ge=1, le=10_000)
    bolt_bot_policy_file: Path | None = None
    bolt_bot_hints_file: Path | None = None
    bolt_bot_owners_file: Path | None = None
    bolt_bot_watches_file: Path | None = None
    bolt_bot_audit_days: float = Field(default=90, ge=1, le=3650)
    bolt_bot_audit_entries: int = Field(default=100_000, ge=1000, le=10_000_000)
    bolt_bot_follow_gap_s: float = Field(default=15, ge=1, le=3600)
    bolt_bot_log_limit_mb: int = Field(default=64, ge=1, le=1024)
    # Secret because a pattern may itself reveal something.
    bolt_bot_secret_patterns: Annotated[SecretStr, AfterValidator(_patterns)] | None = None
    bolt_bot_show_row_values: bool = False
    # Slack's limits; a large workspace may have higher ones. Lower values are for two bots that share an app.
    bolt_bot_edits_a_minute: int = Field(default=48, ge=12, le=10_000)
    bolt_bot_posts_a_minute: int = Field(default=240, ge=12, le=10_000)
    bolt_bot_poll_requests_a_s: float = Field(default=10, ge=0.1, le=1000)
    # Set by whoever builds an image.
    bolt_bot_revision: Revision | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic-settings passes it by name
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the environment: no file that happens to exist, and no argument."""
        return (Environment(settings_cls),)

    @property
    def socket_mode(self) -> bool:
        """Whether the bot talks to Slack over sockets that it opens (Socket Mode)."""
        return self.slack_app_token is not None

    @property
    def workspace(self) -> str:
        """Return the Bolt workspace's name in records: its uid, or else the last part of the endpoint's path."""
        if self.paradime_workspace_uid:
            return self.paradime_workspace_uid
        parts = [part for part in urlsplit(self.paradime_api_endpoint).path.split("/") if part not in {"", "graphql"}]
        return re.sub(r"[^\w.-]", "-", parts[-1])[:64] if parts else "default"

    def patterns(self) -> tuple[re.Pattern[str], ...]:
        """Return the patterns of further secrets, for the masker."""
        held = self.bolt_bot_secret_patterns
        return read_patterns(held.get_secret_value()) if held else ()

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, for the masker; only the passwords of addresses."""
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
        if self.redis_url:
            forms += redis_url.parse_redis_url(self.redis_url.get_secret_value()).secrets()
        return tuple(dict.fromkeys([one.get_secret_value() for one in held if one is not None] + forms))


MEANINGS = {
    "slack_bot_token": "the bot token of the Slack app, xoxb-…",
    "paradime_api_endpoint": "the address of the Bolt API, https://…/graphql",
    "paradime_api_secret": "the secret of a Bolt API key",  # pragma: allowlist secret
}


def load_settings() -> Settings:
    """Load the settings from the environment. Raises SettingsError with all errors at once."""
    given = Environment(Settings).read()
    values = {name.lower(): value for name, value in given.values.items()}
    misplaced = _misplaced(values)
    lines = [*given.problems.values(), *misplaced.values()]
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0]).upper()
            # What can't be read isn't missing.
            if name not in given.problems and name not in misplaced:
                lines.append(_line(name, one["type"], one.get("ctx") or {}, from_file=name in given.files))
    together = values | {name.lower(): "" for name in given.problems}
    lines += _together(together, None if given.problems else settings)
    try:
        load_policy(values.get("bolt_bot_policy_file"))
    except PolicyError as error:
        lines += [f"BOLT_BOT_POLICY_FILE: {line}" for line in error.lines]
    masker = Redactor(settings.secrets(), settings.patterns()) if settings else Redactor()
    try:
        load_own_hints(values.get("bolt_bot_hints_file"), masker.mask)
    except HintsFileError as error:
        lines += [f"BOLT_BOT_HINTS_FILE: {line}" for line in error.lines]
    for name, load in (("bolt_bot_owners_file", load_owners), ("bolt_bot_watches_file", load_watches)):
        try:
            load(values.get(name))
        except YamlFileError as error:
            lines += [f"{name.upper()}: {line}" for line in error.lines]
    if settings is None or lines:
        raise SettingsError(tuple(dict.fromkeys(lines)))
    return settings


def load_policy(file: str | Path | None) -> Policy:
    """Load the policy in a file, or the default policy if there's none. Raises PolicyError."""
    if file is None:
        return DEFAULT
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PolicyError((f"the file can't be read ({_why(error)})",)) from None
    return read_policy(text)


def _why(error: OSError | ValueError) -> str:
    return (error.strerror or "no reason given") if isinstance(error, OSError) else "it isn't UTF-8 text"


def unknown() -> tuple[str, ...]:
    """Return a line for each variable that is no setting, with the most similar one.

    These are all that begin with BOLT_BOT_, and others that are nearly a setting which isn't set.
    """
    settings = [name.upper() for name in Settings.model_fields]
    known = settings + [other for name in settings if (other := file_variable(name))]
    ours = [name for name in known if name.startswith("BOLT_BOT_")]
    lines = []
    for name in sorted(set(os.environ) - set(known)):
        nearest = None
        if name.startswith("BOLT_BOT_"):
            nearest = process.extractOne(name, ours)
        elif name.startswith(SHARED_PREFIXES):
            nearest = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=NEARLY)
            # If that one is set, this one is probably another program's.
            nearest = None if nearest and os.environ.get(nearest[0], "").strip() else nearest
        if nearest:
            lines.append(f"{name} isn't a setting and has no effect; did you mean {nearest[0]}")
    return tuple(lines)


def _misplaced(values: Mapping[str, str]) -> dict[str, str]:
    """Return a line for each Slack token that is in the other's variable."""
    bot_is_app = values.get("slack_bot_token", "").startswith(APP_TOKENS)
    app_is_bot = values.get("slack_app_token", "").startswith(BOT_TOKENS)
    if bot_is_app and app_is_bot:
        return dict.fromkeys(
            ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: exchange their values",
        )
    lines = {
        "SLACK_BOT_TOKEN": "should begin with xoxb-: this is an app-level token, which belongs in SLACK_APP_TOKEN",
        "SLACK_APP_TOKEN": "should begin with xapp-: this is the bot token, which belongs in SLACK_BOT_TOKEN",
    }
    wrong = [name for name, is_wrong in zip(lines, (bot_is_app, app_is_bot), strict=True) if is_wrong]
    return {name: f"{name} {lines[name]}" for name in wrong}


def _together(values: Mapping[str, str], settings: Settings | None) -> list[str]:
    """Check variables that depend on each other. Reported with the other errors, so that one start shows them all."""
    lines = []
    if not values.keys() & {"slack_app_token", "slack_signing_secret"}:
        lines.append("SLACK_APP_TOKEN is missing: xapp-… for Socket Mode, or SLACK_SIGNING_SECRET for HTTP")
    secret = values.get("paradime_api_secret", "")
    if secret and not secret.startswith(BEARER_PREFIXES) and "paradime_api_key" not in values:
        lines.append(
            "PARADIME_API_KEY is missing: only secrets that begin with prdm_wsp_ or prdm_cmp_ don't need a key"
        )
    if secret.startswith(COMPANY_PREFIX) and "paradime_workspace_uid" not in values:
        lines.append("PARADIME_WORKSPACE_UID is missing: a company's secret (prdm_cmp_…) needs it")
    if "bolt_bot_admin_host" in values and "bolt_bot_admin_port" not in values:
        lines.append("BOLT_BOT_ADMIN_PORT is missing: BOLT_BOT_ADMIN_HOST has no effect without it")
    if settings and settings.bolt_bot_admin_port == settings.bolt_bot_http_port != 0:
        lines.append("BOLT_BOT_ADMIN_PORT should be a different port from BOLT_BOT_HTTP_PORT")
    if settings and settings.bolt_bot_poll_min_s > settings.bolt_bot_poll_max_s:
        lines.append("BOLT_BOT_POLL_MIN_S should be at most BOLT_BOT_POLL_MAX_S")
    return lines


def _line(variable: str, kind: str, context: Mapping[str, object], *, from_file: bool) -> str:
    """Describe an error by pydantic's type: its own message may quote the value."""
    name = f"{variable} (in the file that {file_variable(variable)} names)" if from_file else variable
    bounds = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if kind == "missing":
        return f"{name} is missing: {MEANINGS[variable.lower()]}"
    if kind == "should":
        return f"{name} {context['what']}"
    if kind in bounds:
        key, words = bounds[kind]
        return f"{name} should be {words} {context[key]:g}"
    if kind == "literal_error":
        return f"{name} should be {context['expected']}"
    if kind.startswith("int"):
        return f"{name} should be a whole number"
    if kind.startswith(("float", "finite")):
        return f"{name} should be a number"
    return f"{name} is malformed"
