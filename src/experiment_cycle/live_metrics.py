"""What is measured while a model is trained, told to whoever listens.

Only the training of the challenger is told, and only the first of its seeds: a search, a fold or a
learning curve trains hundreds of models, whose curves are nobody's to watch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

Part = Literal["train", "validation"]
Values = Mapping[Part, Mapping[str, float]]
Listener = Callable[[int, Values], None]
"""Takes a step, counted from 1, and for each part the values of its metrics."""

_told: ContextVar[bool] = ContextVar("_told", default=False)
_listeners: list[Listener] = []


@contextmanager
def telling() -> Iterator[None]:
    """Tell the listeners of every step that is measured in the block, by the same thread."""
    token = _told.set(True)
    try:
        yield
    finally:
        _told.reset(token)


def tell(step: int, values: Values) -> None:
    """Tell the listeners of a step, if this training is one to be told."""
    if _told.get():
        for listener in tuple(_listeners):
            listener(step, values)


def listen(listener: Listener) -> None:
    """Be told from now on."""
    _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    """Be told no more."""
    _listeners.remove(listener)
