"""What holds for every test: the collector of garbage leaves alone what was loaded once and stays."""

import gc

import pytest


def pytest_sessionstart() -> None:
    """Thousands of tests and a large SDK are loaded and kept: nothing of it is garbage yet."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look at new objects only from here on."""
    gc.freeze()
    gc.enable()
