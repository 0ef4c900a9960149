"""Work on any number of items: in order, side by side in threads, in constant memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_in_order(
    function: Callable[[Item], Result], items: Iterable[Item], *, workers: int, ahead: int
) -> Iterator[Result]:
    """The results of ``function``, in the order of the items.

    Args:
        function: called in threads; Pillow, simplejpeg and ONNX Runtime all work outside Python's lock.
        items: taken one at a time, by the caller's thread.
        workers: threads.
        ahead: how many items are taken before the first result is waited for.

    Raises:
        Exception: what ``function`` raises, in the place of its result; nothing follows it.
    """
    remaining = iter(items)
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in remaining:
            waiting.append(pool.submit(function, item))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
