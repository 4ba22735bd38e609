"""The policy: who may do what, and why."""
