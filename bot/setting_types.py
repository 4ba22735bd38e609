"""Types of settings: each checks a value and says what it should be. Error messages never quote the value."""

from __future__ import annotations

import base64
import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from bot import redis_url
from bot.core.redact.operator_patterns import PatternError, read_patterns

SLASH_COMMAND = r"/[^\s/A-Z]{1,31}"
BOT_TOKENS, APP_TOKENS = ("xoxb-", "xoxe.xoxb-"), ("xapp-",)


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
        raise _should("not contain a username or a password, because it appears in links")
    return value


def _with_slash(value: str) -> str:
    return value if value.endswith("/") else f"{value}/"


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _secret_address(value: SecretStr) -> SecretStr:
    _web_address(value.get_secret_value())
    return value


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
    # The value is sent in an HTTP header.
    if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
        raise _should("consist of ASCII characters, without spaces")
    return value


def _webhook_secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    what = "be whsec_ followed by at least 16 bytes in base64 (signed webhooks), or at least 16 letters, digits, dashes and underscores"
    if text.startswith("whsec_"):
        try:
            fits = len(base64.b64decode(text.removeprefix("whsec_") + "==", validate=False)) >= 16
        except ValueError:
            fits = False
    else:
        # The secret may be used as part of a path.
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
SigningSecret = Annotated[Secret, AfterValidator(_not_a_token)]
BotToken = Annotated[SecretStr, _starting(*BOT_TOKENS)]
AppToken = Annotated[SecretStr, _starting(*APP_TOKENS)]
WebhookSecret = Annotated[SecretStr, AfterValidator(_webhook_secret)]
HeartbeatAddress = Annotated[SecretStr, AfterValidator(_secret_address)]
RedisAddress = Annotated[SecretStr, AfterValidator(_redis_address)]
SecretPatterns = Annotated[SecretStr, AfterValidator(_patterns)]
Address = Annotated[str, AfterValidator(_web_address)]
SlackAddress = Annotated[Address, AfterValidator(_with_slash)]
LinkAddress = Annotated[Address, AfterValidator(_for_links), AfterValidator(_without_slash)]
Name = Annotated[str, _matching(r"[a-z0-9-]{1,32}", "be 1 to 32 lowercase letters, digits and dashes")]
SlashCommand = Annotated[str, _matching(SLASH_COMMAND, "be a slash command of at most 32 characters, as in /bolt")]
Revision = Annotated[
    str, _matching(r"[\w.-]{1,64}", "be a git revision: letters, digits, dots, dashes and underscores")
]
Uid = Annotated[str, _matching(r"[\w.-]{1,64}", "be the workspace's uid: letters, digits, dashes and underscores")]
LogFormat = Annotated[Literal["console", "json"], BeforeValidator(_lower)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
