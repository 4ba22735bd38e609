"""Imported last by the process that bots are forked off: what it holds is never collected, so forks share its memory.

Before that it does what every bot would do again: the modules that are found by being there are imported, what writes the
commonest records is built, and the patterns of the hints are compiled, which alone takes as long as the rest of a start.
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
