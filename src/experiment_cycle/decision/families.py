"""Which test sets belong together: looks at any set of a family spend one budget.

Keyed by its rows alone, a test set would be a new one after every new seed or added row, and its
budget full again: 20 such rolls promote an equal model with 46 %. So a test set joins the family
of any earlier one unless nearly all of its units are new to every row of that family's data.

What is written down of a set of units is a sketch: the `SKETCHED` smallest of their keys. Keys are
hashes, so that the share two sets have in common can be told from their smallest keys (Beyer et
al., On Synopses for Distinct-Value Estimation under Multiset Operations, SIGMOD 2007). Up to
`SKETCHED` units it is exact; of a million units in a test set of 10,000 some forty are seen.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from experiment_cycle.columns import Columns
from experiment_cycle.options import fingerprint

Keys = npt.NDArray[np.uint64]

SKETCHED = 4096
"""How many keys of a set of units are written down."""

MOST_KNOWN = 0.05
"""Up to this share of a test set's units may be known of a family that it does not join."""

MIXER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Sketch:
    """The smallest keys of a set.

    Attributes:
        keys: Sorted, each once, at most `SKETCHED`.
        whole: All keys of the set are there.
    """

    keys: Keys
    whole: bool

    @classmethod
    def of(cls, keys: npt.ArrayLike) -> Self:
        """Sketch a set of keys, given in any order and any number of times.

        They are mixed first: neighbouring keys must not stand together, whatever made them.
        """
        mixed = _mixed(np.unique(np.asarray(keys, dtype=np.uint64)))
        return cls(np.sort(mixed)[:SKETCHED], len(mixed) <= SKETCHED)

    def join(self, other: Sketch) -> Sketch:
        """Sketch both sets together."""
        keys = np.union1d(self.keys, other.keys)
        limits = [each.keys[-1] for each in (self, other) if not each.whole and len(each.keys)]
        # beyond the smaller limit, keys of one of both are missing
        known = keys[keys <= min(limits)] if limits else keys
        return Sketch(known[:SKETCHED], not limits and len(known) <= SKETCHED)

    def share_in(self, other: Sketch) -> float:
        """Estimate which share of this set is in the other one; 0 for an empty set."""
        limits = [each.keys[-1] for each in (self, other) if not each.whole and len(each.keys)]
        seen = self.keys[self.keys <= min(limits)] if limits else self.keys
        return float(np.isin(seen, other.keys).mean()) if len(seen) else 0.0

    def write(self) -> dict[str, Any]:
        """Write it as text, for a line of JSON."""
        plain = self.keys.astype("<u8").tobytes()
        return {"keys": base64.b64encode(plain).decode(), "whole": self.whole}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """Read what `write` wrote."""
        plain = base64.b64decode(written["keys"])
        return cls(np.frombuffer(plain, dtype="<u8").astype(np.uint64), bool(written["whole"]))


@dataclass(frozen=True, eq=False)
class TestSet:
    """A test set, and the data it was taken from, as the ledger knows them.

    Attributes:
        target: The column that is predicted: other targets are other families.
        known_by: A hash of what units are recognised by: the group, query or identifier column;
            where none is declared, all columns, because a row is then known by its values.
        tested: The test units.
        everything: All units of the data, those of the test set among them.
    """

    __test__ = False  # no test case, whatever pytest makes of its name

    target: str
    known_by: str
    tested: Sketch
    everything: Sketch

    @classmethod
    def of(
        cls,
        tested: pd.DataFrame,
        everything: pd.DataFrame,
        columns: Columns,
        types: Mapping[str, str],
    ) -> Self:
        """Take over the keys of the test rows and of all rows, as `row_keys` makes them.

        Args:
            tested: Keys of the rows that are looked at.
            everything: Keys of all rows of the data.
            columns: The roles of the columns.
            types: The type of every column of the data.
        """
        named = columns.group or columns.query or columns.identifier
        return cls(
            target=columns.target,
            known_by=fingerprint({"known_by": named or dict(types)}),
            tested=Sketch.of(tested["unit"]),
            everything=Sketch.of(np.concatenate([everything["unit"], tested["unit"]])),
        )

    @property
    def id(self) -> str:
        """Hash of all of it."""
        return fingerprint({**self.write(), "tested": self.tested.write()})

    def write(self) -> dict[str, Any]:
        """Write what is to be known of it when later sets come."""
        return {
            "target": self.target,
            "known_by": self.known_by,
            "everything": self.everything.write(),
        }

    def joins(self, family: Iterable[Mapping[str, Any]]) -> bool:
        """Tell whether this test set belongs to the family that earlier ones make up.

        It does not where it has another target, or where at most `MOST_KNOWN` of its units are
        known of the family's data. Units that are recognised by something else than the family's
        cannot be told from them, so that the set joins: declaring another identifier refills no
        budget.

        Args:
            family: Its test sets as `write` wrote them.
        """
        sets = [each for each in family if each["target"] == self.target]
        alike = [
            Sketch.read(each["everything"]) for each in sets if each["known_by"] == self.known_by
        ]
        if not alike:
            return bool(sets)
        return self.tested.share_in(reduce(Sketch.join, alike)) > MOST_KNOWN


def _mixed(keys: Keys) -> Keys:
    """Spread keys over all 64 bits (the finalizer of splitmix64, Steele et al. 2014)."""
    with np.errstate(over="ignore"):
        mixed = keys + MIXER
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
