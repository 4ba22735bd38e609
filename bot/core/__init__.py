"""The pure core: functions over frozen dataclasses. Imports neither Slack, Redis nor HTTP."""
