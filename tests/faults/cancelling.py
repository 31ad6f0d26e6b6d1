"""Cancelling a piece of work at each place where it waits, one place after the other, without any timing."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Generator
from typing import Any


class Waits:
    """Counts the waits of a piece of work and of every task it begins, and calls `hit` at those in `places`, from 1."""

    def __init__(self, places: Collection[int], hit: Callable[[], object]) -> None:
        self.done = 0
        self._places = places
        self._hit = hit

    @property
    def reached(self) -> bool:
        """Return whether there were so many."""
        return self.done >= min(self._places)

    def begin(self, work: Coroutine[Any, Any, object]) -> "asyncio.Task[object]":
        """Begin `work`, whose tasks are counted as well."""
        loop = asyncio.get_running_loop()

        def build(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> "asyncio.Task[Any]":
            return asyncio.Task(_awaited(_Counted(coroutine, self)), loop=loop, **options)

        loop.set_task_factory(build)
        task: asyncio.Task[object] = asyncio.create_task(work)
        task.add_done_callback(lambda _: loop.set_task_factory(None))
        return task

    def count(self) -> None:
        """Count one."""
        self.done += 1
        if self.done in self._places:
            self._hit()


class _Counted:
    def __init__(self, work: Coroutine[Any, Any, object], waits: Waits) -> None:
        self._work = work
        self._waits = waits

    def __await__(self) -> Generator[Any, Any, object]:
        value: Any = None
        error: BaseException | None = None
        while True:
            try:
                waited_for = self._work.send(value) if error is None else self._work.throw(error)
            except StopIteration as done:
                return done.value
            self._waits.count()
            value = error = None
            try:
                value = yield waited_for
            except GeneratorExit:
                # Thrown away with all that it is made of, in no certain order.
                self._work.close()
                raise
            except BaseException as thrown:  # noqa: BLE001  # a cancellation above all: the work's own affair
                error = thrown


async def _awaited(counted: _Counted) -> object:
    return await counted


async def cancelled_at(place: int, work: Coroutine[Any, Any, object], *, twice: bool = False) -> bool:
    """Cancel `work` at its `place`th wait, and again at the next, and wait for its end; say whether it came so far."""
    waits = Waits({place, place + 1} if twice else {place}, lambda: task.cancel())
    task = waits.begin(work)
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
    return waits.reached
