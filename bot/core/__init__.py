"""The pure core: functions over frozen dataclasses. It doesn't import Slack, Redis or HTTP."""
