"""Load the settings, and report each missing or malformed one on a line of its own.

`bot.environment` reads the values, including those in files that `…_FILE` variables name.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pydantic import ValidationError
from rapidfuzz import fuzz, process

from bot.core.logs.hints.file import HintsFileError
from bot.core.policy.file import PolicyError
from bot.core.redact.masker import Masker
from bot.core.text.yaml_file import YamlFileError
from bot.environment import EnvFile, EnvironmentValues, file_variable, read_environment
from bot.hints_file import load_own_hints
from bot.policy_file import load_policy
from bot.proxies import proxy_faults
from bot.setting_types import APP_TOKENS, BOT_TOKENS
from bot.settings import Settings
from bot.tls import certificate_faults
from bot.watch_files import load_owners, load_watches

# Prefixes of Bolt secrets that need no key: a workspace's, and a company's.
BEARER_PREFIXES = ("prdm_wsp_", "prdm_cmp_")
COMPANY_PREFIX = "prdm_cmp_"
# Variables of other programs may begin like ours, so only names that nearly match one of ours count as misspelled.
SHARED_PREFIXES = ("SLACK_", "PARADIME_", "REDIS_")
NEARLY = 85
MEANINGS = {
    "slack_bot_token": "the bot token of the Slack app, xoxb-…",
    "paradime_api_endpoint": "the address of the Bolt API, https://…/graphql",
    "paradime_api_secret": "the secret of a Bolt API key",  # pragma: allowlist secret
}


class SettingsError(ValueError):
    """Settings are missing or malformed. One line per variable: its name and what it should be, never its value."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def load_settings(env_file: EnvFile | None = None) -> Settings:
    """Load the settings from the environment and a `.env` file. Raises SettingsError with all errors at once."""
    given = read_environment((name.upper() for name in Settings.model_fields), env_file)
    values = {name.lower(): value for name, value in given.values.items()}
    misplaced = _misplaced(values)
    settings, lines = None, [*given.problems.values(), *misplaced.values()]
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        for one in error.errors():
            name = str(one["loc"][0]).upper()
            # A setting that can't be read isn't missing.
            if name not in given.problems and name not in misplaced:
                lines.append(_line(_named(name, given), one["type"], one.get("ctx") or {}))
    together = values | {name.lower(): "" for name in given.problems}
    lines += _together(together, None if given.problems else settings)
    lines += (*proxy_faults(os.environ), *certificate_faults(os.environ))
    lines += _file_faults(values, Masker(settings.secrets(), settings.patterns()) if settings else Masker())
    if settings is None or lines:
        raise SettingsError(tuple(dict.fromkeys(lines)))
    return settings


def _file_faults(values: Mapping[str, str], masker: Masker) -> Iterator[str]:
    """Yield a line for each fault in the files that settings name."""
    loads: tuple[tuple[str, Callable[[str | None], object]], ...] = (
        ("bolt_bot_policy_file", load_policy),
        ("bolt_bot_hints_file", lambda file: load_own_hints(file, masker.mask)),
        ("bolt_bot_owners_file", load_owners),
        ("bolt_bot_watches_file", load_watches),
    )
    for name, load in loads:
        try:
            load(values.get(name))
        except (PolicyError, HintsFileError, YamlFileError) as error:
            yield from (f"{name.upper()}: {line}" for line in error.lines)


def unknown(env_file: EnvFile | None = None) -> tuple[str, ...]:
    """Return a line for each variable that isn't a setting, with the most similar setting.

    This covers all variables that begin with BOLT_BOT_, and others that nearly match a setting that isn't set.
    """
    settings = [name.upper() for name in Settings.model_fields]
    known = settings + [other for name in settings if (other := file_variable(name))]
    given = {name for name in known if _is_set(name, os.environ) or (env_file and _is_set(name, env_file.values))}
    named = [(name, "") for name in sorted(set(os.environ) - set(known))]
    if env_file:
        named += [
            (name, f"{env_file.path} line {line}: ") for name, line in env_file.lines.items() if name not in known
        ]
    return tuple(
        f"{where}{name} isn't a setting and has no effect; did you mean {nearest}?"
        for name, where in named
        if (nearest := _nearest(name, known, given))
    )


def _is_set(name: str, variables: Mapping[str, str]) -> bool:
    return bool(variables.get(name, "").strip())


def _nearest(name: str, known: Sequence[str], given: Collection[str]) -> str | None:
    """Return the setting that a variable was probably meant to be, or None if it's probably another program's."""
    if name.upper().startswith("BOLT_BOT_"):
        return str(process.extractOne(name.upper(), [one for one in known if one.startswith("BOLT_BOT_")])[0])
    if not name.upper().startswith(SHARED_PREFIXES):
        return None
    nearest = process.extractOne(name.upper(), known, scorer=fuzz.ratio, score_cutoff=NEARLY)
    return str(nearest[0]) if nearest and nearest[0] not in given else None


def _misplaced(values: Mapping[str, str]) -> dict[str, str]:
    """Return a line for each Slack token that is set in the other token's variable."""
    bot_is_app = values.get("slack_bot_token", "").startswith(APP_TOKENS)
    app_is_bot = values.get("slack_app_token", "").startswith(BOT_TOKENS)
    if bot_is_app and app_is_bot:
        return dict.fromkeys(
            ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"),
            "SLACK_BOT_TOKEN and SLACK_APP_TOKEN are swapped: switch their values",
        )
    lines = {
        "SLACK_BOT_TOKEN": "should begin with xoxb-: this is an app-level token, which belongs in SLACK_APP_TOKEN",
        "SLACK_APP_TOKEN": "should begin with xapp-: this is the bot token, which belongs in SLACK_BOT_TOKEN",
    }
    wrong = [name for name, is_wrong in zip(lines, (bot_is_app, app_is_bot), strict=True) if is_wrong]
    return {name: f"{name} {lines[name]}" for name in wrong}


def _together(values: Mapping[str, str], settings: Settings | None) -> list[str]:
    """Check variables that depend on each other. Reported with the other errors, so that one start shows all."""
    lines = []
    if not values.keys() & {"slack_app_token", "slack_signing_secret"}:
        lines.append(
            "SLACK_APP_TOKEN is missing: set it (xapp-…) for Socket Mode, or set SLACK_SIGNING_SECRET for HTTP"
        )
    secret = values.get("paradime_api_secret", "")
    if secret and not secret.startswith(BEARER_PREFIXES) and "paradime_api_key" not in values:
        lines.append(
            "PARADIME_API_KEY is missing: only secrets that begin with prdm_wsp_ or prdm_cmp_ work without a key"
        )
    if secret.startswith(COMPANY_PREFIX) and "paradime_workspace_uid" not in values:
        lines.append("PARADIME_WORKSPACE_UID is missing: a company-wide secret (prdm_cmp_…) needs it")
    if "bolt_bot_admin_host" in values and "bolt_bot_admin_port" not in values:
        lines.append("BOLT_BOT_ADMIN_PORT is missing: BOLT_BOT_ADMIN_HOST has no effect without it")
    if settings and settings.bolt_bot_admin_port == settings.bolt_bot_http_port != 0:
        lines.append("BOLT_BOT_ADMIN_PORT should be a different port from BOLT_BOT_HTTP_PORT")
    if settings and settings.bolt_bot_poll_min_s > settings.bolt_bot_poll_max_s:
        lines.append("BOLT_BOT_POLL_MIN_S should be at most BOLT_BOT_POLL_MAX_S")
    return lines


def _named(variable: str, given: EnvironmentValues) -> str:
    """Return a setting's name and, unless its value comes from the environment, where it comes from."""
    places = []
    if variable in given.files:
        places.append(f"in the file that {file_variable(variable)} names")
    if variable in given.env_lines:
        places.append(f"line {given.env_lines[variable]} of the env file")
    return f"{variable} ({', '.join(places)})" if places else variable


def _line(name: str, kind: str, context: Mapping[str, object]) -> str:
    """Describe an error by pydantic's type: its own message may quote the value."""
    bounds = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
    if kind == "missing":
        return f"{name} is missing: {MEANINGS[name.lower()]}"
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
