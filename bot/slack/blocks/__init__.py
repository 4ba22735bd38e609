"""Rendering messages as Block Kit."""
