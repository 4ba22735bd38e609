"""Imported last by the process that bots are forked from: its objects are never garbage-collected, so forks share them.

Before that, it does what every bot would otherwise repeat: it imports the modules that are discovered by their folder,
builds the adapters of the most common records, and compiles the hints' patterns, which alone takes as long as the rest.
"""

import gc
import importlib

from bot.core.logs.hints.causes import built_in
from bot.core.model.request import BlockingRun, StartPlan
from bot.core.model.run import End, Observation, Retried, RunFacts
from bot.core.model.run_end import RunEnd
from bot.slack.modules import modules_of
from bot.store.record_json import adapter_of
from bot.store.start_requests import StoredNearNames, StoredRequest
from bot.tls import tls

LATE = ("encodings.idna", "slack_bolt.listener_matcher.async_builtins", "bot.load_settings")
RECORDS = (BlockingRun, End, Observation, Retried, RunEnd, RunFacts, StartPlan, StoredNearNames, StoredRequest)

for package in ("actions", "commands", "events", "shortcuts", "views"):
    modules_of(f"bot.slack.{package}")
for module in LATE:
    importlib.import_module(module)
for kind in RECORDS:
    adapter_of(kind)
built_in()
tls()
gc.collect()
gc.freeze()
