"""Ports: small protocols for the services that the flows need from outside."""
