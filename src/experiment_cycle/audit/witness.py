"""A witness of every `fit`, and of all that boosting libraries learn, who says from which rows."""

from __future__ import annotations

import functools
import inspect
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, TracebackType
from typing import Any, Self

from sklearn.base import BaseEstimator

from experiment_cycle.audit.boosters import listening
from experiment_cycle.audit.known_rows import RowBook

FITS = ("fit", "fit_transform", "fit_predict", "fit_resample", "partial_fit", "fit_loop")
"""The last one is skorch's, which the others of its networks end in."""
MAKES = ("fit_transform",)
"""What of these returns the rows it was given, in another form."""
DATA = ("X", "raw_documents", "X_train", "data")


@dataclass(frozen=True)
class Seen:
    """What one kind of `fit` in one node saw.

    Attributes:
        node: Where it was called.
        estimator: The class; of boosters with the name of their library.
        nested: Whether it was called by the `fit` of another estimator.
        learns_target: Whether it was a classifier, regressor or the like, and no preprocessing.
        rows: How many rows of each part; the most of any call. None: not recognised.
        how: How rows were recognised.
        calls: How often it was called.
    """

    node: str
    estimator: str
    nested: bool
    learns_target: bool
    rows: dict[str, int] | None
    how: str
    calls: int = 1


class FitWitness:
    """Listens to every `fit` of every subclass of `BaseEstimator` while the block runs.

    So it does to the boosters of LightGBM and XGBoost, which learn without a `fit`. Classes that
    are made or imported meanwhile are listened to as well. At the end everything is as it was. What
    the estimators do is not changed.

    Args:
        rows: The rows to be recognised.
        node: Tells the name of the node that runs.
    """

    def __init__(self, rows: RowBook, node: Callable[[], str] = lambda: "the code") -> None:
        self._rows = rows
        self._node = node
        self._wrapped: list[tuple[type, str, Any]] = []
        self._inside = threading.local()
        self._lock = threading.Lock()
        self._seen: dict[tuple[str, str, bool], Seen] = {}
        self._known: set[tuple[type, str]] = set()

    @property
    def seen(self) -> list[Seen]:
        """Everything that was fitted, in the order in which it was first."""
        return list(self._seen.values())

    def __enter__(self) -> Self:
        """Begin to listen."""
        for each in [BaseEstimator, *_descendants(BaseEstimator)]:
            self._listen_to(each)
        for owner, name, heard in listening(self._rows.hold, self._note_booster):
            self._wrapped.append((owner, name, owner.__dict__[name]))
            setattr(owner, name, heard)
        original = BaseEstimator.__dict__.get("__init_subclass__")
        self._wrapped.append((BaseEstimator, "__init_subclass__", original))
        witness = self

        def announce(cls: Any, /, **kwargs: Any) -> None:
            super(BaseEstimator, cls).__init_subclass__(**kwargs)
            witness._listen_to(cls)

        BaseEstimator.__init_subclass__ = classmethod(announce)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Put everything back."""
        for owner, name, original in reversed(self._wrapped):
            if original is None:
                delattr(owner, name)
            else:
                setattr(owner, name, original)
        self._wrapped.clear()
        self._known.clear()

    def _listen_to(self, estimator: type) -> None:
        for name in (*FITS, "transform"):
            # a mixin outside of BaseEstimator may hold the method
            owner = next((each for each in estimator.__mro__ if name in each.__dict__), None)
            if owner is None or (owner, name) in self._known:
                continue
            original = owner.__dict__[name]
            if not isinstance(original, FunctionType):
                continue
            self._known.add((owner, name))
            self._wrapped.append((owner, name, original))
            setattr(owner, name, self._listening(name, original))

    def _listening(self, name: str, original: FunctionType) -> Callable[..., Any]:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def fit(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            above: list[int] = self._inside.__dict__.setdefault("stack", [])
            # fit_transform calls fit of the same object: one call, told once
            if id(estimator) not in above and isinstance(estimator, BaseEstimator):
                data = _data(signature, estimator, args, kwargs)
                learns = _learns_target(estimator)
                self._note(type(estimator).__name__, data, nested=bool(above), learns=learns)
            above.append(id(estimator))
            try:
                made = original(estimator, *args, **kwargs)
            finally:
                above.pop()
            if name in MAKES:
                self._rows.follow(_data(signature, estimator, args, kwargs), made)
            return made

        @functools.wraps(original)
        def transform(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            made = original(estimator, *args, **kwargs)
            self._rows.follow(_data(signature, estimator, args, kwargs), made)
            return made

        return fit if name in FITS else transform

    def _note_booster(self, name: str, holder: Any) -> None:
        above: list[int] = self._inside.__dict__.get("stack", [])
        self._note(name, holder, nested=bool(above), learns=True)

    def _note(self, name: str, data: Any, *, nested: bool, learns: bool) -> None:
        counted = None if data is None else self._rows.count(data)
        rows, how = (None, "not recognised") if counted is None else counted
        node = self._node()
        with self._lock:
            before = self._seen.get((node, name, nested))
            now = Seen(node, name, nested, learns, rows, how)
            self._seen[node, name, nested] = now if before is None else _joined(before, now)


def _descendants(base: type) -> Iterator[type]:
    each: type
    for each in base.__subclasses__():
        yield each
        yield from _descendants(each)


def _data(
    signature: inspect.Signature, estimator: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Find the table among the arguments of a `fit`."""
    try:
        bound = signature.bind_partial(estimator, *args, **kwargs).arguments
    except TypeError:  # the call itself will say so
        return None
    for name in DATA:
        if name in bound:
            return bound[name]
    return args[0] if args else None


def _learns_target(estimator: Any) -> bool:
    return hasattr(estimator, "predict")


def _joined(before: Seen, now: Seen) -> Seen:
    """Count calls of one kind together, and keep the one that saw the most test rows."""
    kept = now if _tests(now) > _tests(before) else before
    return Seen(
        kept.node,
        kept.estimator,
        kept.nested,
        kept.learns_target,
        kept.rows,
        kept.how,
        before.calls + 1,
    )


def _tests(seen: Seen) -> int:
    return -1 if seen.rows is None else seen.rows["test"]
