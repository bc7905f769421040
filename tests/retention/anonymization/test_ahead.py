"""Reading ahead in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from retention.anonymization.ahead import DEPTH, Ahead


def numbers(seen: list[int], most: int = 1_000) -> Iterator[int]:
    for number in range(most):
        seen.append(number)
        yield number


def test_all_items_come_in_order():
    with Ahead(numbers([])) as items:
        assert list(items) == list(range(1_000))


def test_no_more_is_read_than_may_wait_and_leaving_early_ends_the_thread():
    seen: list[int] = []
    before = threading.active_count()
    with Ahead(numbers(seen)) as items:
        assert next(items) == 0
    assert len(seen) <= DEPTH + 3
    assert threading.active_count() == before


def test_what_goes_wrong_is_raised_where_it_is_used():
    def broken() -> Iterator[int]:
        yield 1
        raise OSError(28, "No space left on device")

    with Ahead(broken()) as items:
        assert next(items) == 1
        with pytest.raises(OSError, match="No space left"):
            next(items)
