"""The pure core: functions over frozen dataclasses. The core doesn't import Slack, Redis or HTTP."""
