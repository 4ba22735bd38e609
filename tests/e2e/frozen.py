"""Imported last by the process that bots are forked off: what it holds is never collected, so forks share its memory."""

import gc

gc.collect()
gc.freeze()
