"""Groups that stay whole, in parts that follow each other in time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from experiment_cycle.splitting.key_hash import Hashes, place_by_hash
from experiment_cycle.splitting.parts import Part, Placement
from experiment_cycle.splitting.rounding import largest_remainder

Codes = npt.NDArray[np.int64]
Ratios = npt.NDArray[np.float64]


def place_in_windows(window: Part, units: Codes, home: Part) -> Placement:
    """Keep of each unit the rows in its home window; the others belong to no part.

    Args:
        window: The stretch of time each row lies in, shape (n,).
        units: The unit of each row, shape (n,), numbered from 0.
        home: The window each unit is kept in, shape (units,).
    """
    placement = Placement.of(window)
    placement.purge(window != home[units], "group_elsewhere")
    return placement


def touched_windows(window: Part, units: Codes, count: int) -> npt.NDArray[np.bool_]:
    """Tell which windows each unit has rows in, shape (units, count)."""
    touched = np.zeros((int(units.max(initial=-1)) + 1, count), dtype=bool)
    for code in range(count):
        touched[units[window == code], code] = True
    return touched


def choose_homes(
    touched: npt.NDArray[np.bool_], ratios: Ratios, random: np.random.Generator
) -> Part:
    """Choose a window for each unit, one that it touches.

    Units that touch one window stay there. Those that touch the same several ones are shuffled and
    divided among these in proportion to the ratios. A panel in which every unit spans all of time
    thus keeps a share r of its units for a share r of its time: r² of the rows in each part.

    Args:
        touched: Which windows each unit has rows in, shape (units, k).
        ratios: The shares of the parts, shape (k,).
        random: The source of chance.
    """
    home: Part = np.argmax(touched, axis=1).astype(np.int8)
    for windows, alike in _kinds(touched):
        if windows.sum() > 1:
            among = np.flatnonzero(windows)
            units = random.permutation(alike)
            sizes = largest_remainder(len(units), ratios[among] / ratios[among].sum())
            home[units] = np.repeat(among, sizes)
    return home


def homes_by_hash(touched: npt.NDArray[np.bool_], keys: Hashes, ratios: Ratios, salt: str) -> Part:
    """Choose a window for each unit by the hash of its key, among those that it touches.

    Args:
        touched: Which windows each unit has rows in, shape (units, k).
        keys: The hash of each unit's key, shape (units,).
        ratios: The shares of the parts, shape (k,).
        salt: Another salt gives another choice.
    """
    home: Part = np.argmax(touched, axis=1).astype(np.int8)
    for windows, alike in _kinds(touched):
        if windows.sum() > 1:
            home[alike] = place_by_hash(keys[alike], np.where(windows, ratios, 0.0), salt)
    return home


def _kinds(touched: npt.NDArray[np.bool_]) -> Iterator[tuple[npt.NDArray[np.bool_], Codes]]:
    """List the different sets of windows, each of shape (k,), with the units that touch just it."""
    packed, kind = np.unique(np.packbits(touched, axis=1), axis=0, return_inverse=True)
    for number, bits in enumerate(packed):
        windows = np.unpackbits(bits, count=touched.shape[1]).astype(bool)
        yield windows, np.flatnonzero(kind.ravel() == number)
