"""Reading one batch ahead in a thread: Arrow decodes without Python's lock, so it costs little of the other's time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

T = TypeVar("T")
DEPTH = 2  # batches that wait: memory stays bounded
_END = object()


class Ahead(Generic[T]):
    """The items of `source`, read in a thread. What it raises comes out here; leaving early ends the thread."""

    def __init__(self, source: Iterator[T]) -> None:
        self._source = source
        self._waiting: queue.Queue[Any] = queue.Queue(DEPTH)
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._items()

    def __exit__(self, *exc_info: object) -> None:
        self._left.set()
        while not self._waiting.empty():
            self._waiting.get_nowait()
        self._thread.join()

    def _items(self) -> Iterator[T]:
        while (item := self._waiting.get()) is not _END:
            if isinstance(item, _Raised):
                raise item.error
            yield item

    def _read(self) -> None:
        try:
            for item in self._source:
                if not self._put(item):
                    return
            self._put(_END)
        except BaseException as error:
            self._put(_Raised(error))

    def _put(self, item: Any) -> bool:
        """False where nobody listens any more."""
        while not self._left.is_set():
            try:
                self._waiting.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False


class _Raised:
    def __init__(self, error: BaseException) -> None:
        self.error = error
