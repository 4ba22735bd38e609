"""Ports: what the flows need from the outside, as small protocols."""
