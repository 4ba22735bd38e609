"""The doctor's checks of Redis."""

from __future__ import annotations

from bot.cli.doctor.finding import Finding, ok, problem, warning
from bot.cli.doctor.subject import Check, Subject
from bot.core.model.errors import StoreUnavailable, StoreUnfit
from bot.store.connect import check, connect


async def _connection(subject: Subject) -> list[Finding]:
    if subject.settings.redis_url is None:
        return [ok("Redis connection", f"Embedded, in {subject.settings.bolt_bot_data_dir}.")]
    client = connect(subject.settings.redis_url.get_secret_value())
    try:
        warnings = await check(client, subject.settings.bolt_bot_name)
    except (StoreUnavailable, StoreUnfit) as refused:
        return [problem("Redis connection", refused.sentence, "Correct REDIS_URL, or the server.")]
    finally:
        await client.aclose()
    return [warning("Redis connection", one, "Change the server's configuration.") for one in warnings] or [
        ok("Redis connection", "It answers.")
    ]


CHECKS = (Check("Redis connection", _connection),)
