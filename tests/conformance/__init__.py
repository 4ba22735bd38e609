"""The vendor's own SDK against the sandbox."""
