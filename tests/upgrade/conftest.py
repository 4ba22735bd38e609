"""The stages of the end-to-end tests."""

from tests.e2e.conftest import stage

__all__ = ["stage"]
