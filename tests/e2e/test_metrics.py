"""The metrics of a whole bot on /metrics."""

from __future__ import annotations

import re

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.stage import Bot, Stage
from tests.metrics import declared, needs_promtool, run_promtool, series
from tests.waiting import eventually

# There are never more, whatever people do; most of them are buckets of histograms.
SERIES_MOST = 1500


async def read(bot: Bot) -> str:
    """The response from /metrics."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{bot.admin_port}/metrics") as answer:
        return await answer.text()


async def test_they_are_what_is_declared_and_tell_what_happened(stage: Stage) -> None:
    """After a run's start and announcement, all declared metrics are there, without people's names in labels."""
    bot = await stage.start_bot()
    await stage.slash("run nightly")
    await stage.until(stage.replied("succeeded"))

    async def measured() -> str:
        # Connections are counted when readiness is checked, among other times.
        await stage.until_ready(bot)
        return await read(bot)

    there = ("\nbolt_bot_untold_ends 0.0", 'jobs_total{worker="posts"}', "\nbolt_bot_socket_connections 2.0")
    text = await eventually("all of it to be measured", measured, lambda text: all(one in text for one in there))
    check_declared(text)
    check_told(text)


def check_declared(text: str) -> None:
    """Check that each metric is there, with its labels."""
    labels = declared()
    found = {family.name: family for family in text_string_to_metric_families(text)}
    names = {name.removesuffix("_total") for name in labels}
    assert names == {name for name in found if name.startswith("bolt_bot_")}
    samples = [sample for name in names for sample in found[name].samples]
    for name, given in labels.items():
        family = found[name.removesuffix("_total")]
        for sample in family.samples:
            assert sample.name in series(name, family.type)
            assert set(sample.labels) - {"le"} == set(given)
    assert len(samples) < SERIES_MOST
    assert not re.search(r"nightly|data-eng|[\"/][CUT][A-Z0-9]{8}|ada\b", text)


def check_told(text: str) -> None:
    """Check that the metrics show a start, its acknowledgement, its run, and the calls that it took."""
    assert 'bolt_bot_starts_total{outcome="started"} 1.0' in text
    assert "bolt_bot_start_duration_seconds_count 1.0" in text
    assert 'bolt_bot_acknowledgement_seconds_count{kind="command"} 1.0' in text
    assert 'bolt_bot_slack_call_duration_seconds_count{method="chat.postMessage",outcome="ok"}' in text
    assert 'bolt_bot_bolt_call_duration_seconds_count{operation="Trigger",outcome="ok"} 1.0' in text
    for service in ("bolt", "redis", "slack"):
        assert f'bolt_bot_service_up{{service="{service}"}} 1.0' in text


@needs_promtool
async def test_they_follow_the_conventions(stage: Stage) -> None:
    """Names, units and types pass the check of Prometheus's own tool."""
    await stage.start_bot()
    run_promtool("check", "metrics", given=await read(stage.bots[-1]))
