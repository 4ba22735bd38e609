"""The doctor's checks of how Slack's requests arrive: over sockets that the bot opens (Socket Mode), or over HTTP."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import time
from http import HTTPStatus

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.cli.doctor.check_files import holder_of
from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.fixes import network_fix
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import SlackError, StoreUnavailable, StoreUnfit
from bot.core.text.text import plural
from bot.network_failure import through
from bot.proxies import proxy_for
from bot.slack.errors import cause_of
from bot.slack.hello import ConnectionEndedError, Hello, read_hello
from bot.slack.signed_requests import SIGNATURE, TIMESTAMP
from bot.store.connect import close, connect
from bot.store.embedded import EmbeddedRedis
from bot.store.scripts import Scripts
from bot.store.socket_count import SocketCount
from bot.tls import tls

SOCKET, HTTP, URL = "Slack Socket Mode", "Slack over HTTP", "public address"
EVENTS = "/slack/events"
URL_S = 5.0
URL_MOST = 4096
ANSWERS = {
    401: (
        "the bot there doesn't accept the signature",
        "Start it with the same SLACK_SIGNING_SECRET, and check the clocks of both machines.",
    ),
    404: (
        "nothing accepts Slack's requests there",
        "Point the address at the bot, and run the bot in HTTP mode (without SLACK_APP_TOKEN).",
    ),
    503: ("the bot there is starting or stopping, or a proxy can't reach it", "Start the bot, and read its log."),
}
OTHER_ANSWER = ("that isn't the bot's answer", "Let the proxy pass POST requests of this path to the bot, unchanged.")
SIGNING_SECRET = r"[0-9a-f]{32}"  # noqa: S105 - a pattern
REASONS = {
    "link_disabled": (
        "Socket Mode is off in the app's settings, so nothing arrives.",
        "Turn on Socket Mode there, or unset SLACK_APP_TOKEN and set SLACK_SIGNING_SECRET for HTTP.",
    ),
    "too_many_websockets": (
        "The app already has ten connections, the most that Slack allows, so another process would receive nothing.",
        "Stop processes that aren't needed: each holds two connections.",
    ),
}


async def _socket_mode(subject: Subject) -> list[Finding]:
    """Open a connection and compare Slack's count of connections with this deployment's."""
    if not subject.settings.socket_mode:
        return []
    if not subject.socket_url:
        said = "Connections were not checked, because the app token can't open any."
        return [warning(SOCKET, said, "Correct SLACK_APP_TOKEN first.")]
    try:
        hello = await read_hello(subject.socket_url, subject.settings.slack_api_url)
    except ConnectionEndedError as ended:
        said, fix = REASONS.get(ended.reason, (f"{ended}.", "Run the doctor again in a minute."))
        return [problem(SOCKET, said, fix)]
    except SlackError as error:
        said = f"Slack returned an address, but no connection to it can be opened: {error.detail.rstrip('.')}."
        return [problem(SOCKET, said, "Allow WebSockets (wss) to *.slack.com on port 443 in firewalls and proxies.")]
    return [compare(hello, await _held(subject))]


def compare(hello: Hello, held: int | None) -> Finding:
    """Compare the app's other connections with those that this deployment holds. `held` is None if it isn't known."""
    others = hello.connections - 1
    if others == 0:
        return ok(SOCKET, "A connection was opened. It's the app's only one, so no bot is running.")
    if held is None:
        said = f"A connection was opened. The app has {_more(others)}. Whether another deployment holds any was not checked."
        return warning(SOCKET, said, "Make Redis reachable from here, and run the doctor again.")
    if others > held:
        said = (
            f"The app has {_more(others)}, and this deployment holds {held}: another deployment gets some of the "
            "commands and clicks."
        )
        fix = (
            "Give the other deployment its own app, or the same REDIS_URL and BOLT_BOT_NAME. If the bot has just been started or "
            "replaced, run the doctor again in a few minutes."
        )
        return warning(SOCKET, said, fix)
    return ok(SOCKET, f"A connection was opened. The app has {_more(others)}, all from this deployment.")


def _more(others: int) -> str:
    return plural(others, "other connection")


async def _held(subject: Subject) -> int | None:
    """Return how many connections this deployment's processes hold, or None if Redis doesn't say."""
    settings = subject.settings
    try:
        if settings.redis_url is not None:
            url: str | None = settings.redis_url.get_secret_value()
        else:
            url = await EmbeddedRedis(settings.bolt_bot_data_dir).running()
        if url is None:
            # The embedded Redis runs as long as the bot does. With a long path, its socket is in a directory that only
            # the bot knows.
            return None if holder_of(settings.bolt_bot_data_dir) else 0
        redis = connect(url)
        try:
            count = SocketCount(Scripts(redis, settings.bolt_bot_name, retention_s=1))
            return await count.share_count(0)
        finally:
            await close(redis)
    except (StoreUnavailable, StoreUnfit, OSError):
        return None


async def _http(subject: Subject) -> list[Finding]:
    """Check the signing secret's form, and warn that Slack doesn't show the secret or the Request URL."""
    secret = subject.settings.slack_signing_secret
    if subject.settings.socket_mode or secret is None:
        return []
    found = []
    if not re.fullmatch(SIGNING_SECRET, secret.get_secret_value()):
        said = "SLACK_SIGNING_SECRET doesn't look like a signing secret: Slack's have 32 hexadecimal digits."
        found.append(warning(HTTP, said, "Copy it again from Basic Information in the app's settings."))
    said = "SLACK_SIGNING_SECRET and the app's Request URL were not checked, because Slack doesn't show them to a bot."
    fix = (
        "While the bot runs, run the doctor with --url https://your.address, and save the Request URL "
        "https://your.address/slack/events again, under Event Subscriptions in the app's settings. If Slack can't "
        "verify it, either Slack can't reach the bot or the secret is wrong; if it's the secret, the bot's log says to "
        "check SLACK_SIGNING_SECRET. Socket Mode has to be off in the app's settings."
    )
    return [*found, warning(HTTP, said, fix)]


async def _public_url(subject: Subject) -> list[Finding]:
    """Send a request to the public address, as Slack does when someone saves the Request URL."""
    secret = subject.settings.slack_signing_secret
    if not subject.public_url:
        return []
    if subject.settings.socket_mode or secret is None:
        said = "The address isn't used: Slack's requests arrive over sockets, because SLACK_APP_TOKEN is set."
        return [warning(URL, said, "Leave out --url, or unset SLACK_APP_TOKEN.")]
    url = f"{subject.public_url.rstrip('/').removesuffix(EVENTS)}{EVENTS}"
    return [await check_url(url, secret.get_secret_value())]


async def check_url(url: str, signing_secret: str) -> Finding:
    """Check that a public address answers a request that is signed like Slack's."""
    challenge = secrets.token_hex(16)
    body = json.dumps({"type": "url_verification", "challenge": challenge, "token": ""})
    at = str(int(time.time()))
    signature = SignatureVerifier(signing_secret).generate_signature(timestamp=at, body=body) or ""
    headers = {TIMESTAMP: at, SIGNATURE: signature, "Content-Type": "application/json"}
    try:
        async with (
            asyncio.timeout(URL_S),
            aiohttp.ClientSession() as session,
            session.post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                proxy=proxy_for(url),
                ssl=tls(),
            ) as answer,
        ):
            told = await answer.content.read(URL_MOST)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        cause, where = cause_of(error), through(url)
        return problem(URL, f"Nothing answers at {url}: {cause}.", network_fix(cause, where, "--url"))
    if answer.status == HTTPStatus.OK and challenge.encode() in told:
        return ok(URL, f"{url} answers requests signed with SLACK_SIGNING_SECRET.")
    said, fix = ANSWERS.get(answer.status, OTHER_ANSWER)
    return problem(URL, f"{url} answers with HTTP status {answer.status}: {said}.", fix)


CHECKS = (Check(SOCKET, _socket_mode), Check(HTTP, _http), Check(URL, _public_url))
