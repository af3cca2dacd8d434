"""What holds for every test: one thread, and a skip with the name of the extra where one is not installed."""

import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from ivae_theory.certificates.recheck import _load_recheckers
from tests.extras import missing_extra

# A busy machine is no failure: no test measures time.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _recheckers() -> None:
    """Evidence that a test rechecks by itself is of a known kind whatever ran before: ``recheck`` alone loads them."""
    _load_recheckers()


def _skipping() -> Generator[None, object, object]:
    try:
        return (yield)
    except Exception as error:
        extra = missing_extra(error)
        if extra is None:
            raise
        pytest.skip(f"needs the extra {extra!r}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Fixtures."""
    return (yield from _skipping())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Tests."""
    return (yield from _skipping())


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Small networks train fastest on one thread, and on a busy machine more threads wait for each other."""
    torch = sys.modules.get("torch")
    if torch is None:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
