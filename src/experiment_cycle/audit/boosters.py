"""Libraries that learn without a `fit`: what holds their rows, and which call learns from it."""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

Told = Callable[[str, Any], None]
"""Told the name of what learns, and what holds the rows it learns from."""
Held = Callable[[Any, Any], None]
"""Told the rows, and what holds them."""


class Library(NamedTuple):
    """A library with data sets and boosters of its own.

    Attributes:
        module: Where they are.
        holders: The classes that hold rows; the first argument of each is the table.
        booster: The class that learns.
        learns: Its methods that learn, each with the argument that is a holder.
    """

    module: str
    holders: tuple[str, ...]
    booster: str
    learns: tuple[tuple[str, str], ...]


LIBRARIES = (
    Library("lightgbm", ("Dataset",), "Booster", (("__init__", "train_set"),)),
    Library(
        "xgboost",
        ("DMatrix", "QuantileDMatrix"),
        "Booster",
        (("update", "dtrain"), ("boost", "dtrain")),
    ),
)
TABLE = "data"

Listening = tuple[type, str, Callable[..., Any]]
"""A class, the name of its method, and what is put in its place."""


def listening(held: Held, told: Told) -> Iterator[Listening]:
    """Give what to put in the place of which methods, to hear of all that these libraries learn.

    A booster that learns in many rounds is told of once.

    Args:
        held: Called after something was made to hold rows.
        told: Called before something learns from what holds rows.
    """
    for library in LIBRARIES:
        module = _installed(library.module)
        if module is None:
            continue
        for name in library.holders:
            holder = getattr(module, name)
            yield holder, "__init__", _holding(holder.__init__, held)
        booster = getattr(module, library.booster)
        name = f"{library.module}.{library.booster}"
        known: weakref.WeakSet[Any] = weakref.WeakSet()
        for method, argument in library.learns:
            original = getattr(booster, method)
            yield booster, method, _learning(original, argument, name, known, told)


def _installed(name: str) -> ModuleType | None:
    """Import a library; None if it is not there or cannot be loaded."""
    if find_spec(name) is None:
        return None
    try:
        return import_module(name)
    except (ImportError, OSError):
        return None


def _holding(original: Callable[..., Any], held: Held) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def hold(holder: Any, *args: Any, **kwargs: Any) -> None:
        original(holder, *args, **kwargs)
        held(_argument(signature, TABLE, holder, args, kwargs), holder)

    return hold


def _learning(
    original: Callable[..., Any],
    argument: str,
    name: str,
    known: weakref.WeakSet[Any],
    told: Told,
) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def learn(booster: Any, *args: Any, **kwargs: Any) -> Any:
        holder = _argument(signature, argument, booster, args, kwargs)
        if holder is not None and booster not in known:
            known.add(booster)
            told(name, holder)
        return original(booster, *args, **kwargs)

    return learn


def _argument(
    signature: inspect.Signature,
    name: str,
    owner: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    try:
        return signature.bind_partial(owner, *args, **kwargs).arguments.get(name)
    except TypeError:  # the call itself will say so
        return None
