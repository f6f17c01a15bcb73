"""States of a fit on the disk: each written at once, with a hash, the newest ones kept."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from experiment_cycle.errors import TrainingError
from experiment_cycle.replacing import replacing

logger = logging.getLogger(__name__)

KEPT = 2
"""The one before the newest is there for the case that the newest is damaged."""
NAME = re.compile(r"step_(\d+)\.ckpt")
KEY = re.compile(r"[0-9a-f]{64}")
HASH_BYTES = 32
LENGTHS = struct.Struct("<QQ")


@dataclass(frozen=True)
class Checkpoint:
    """What was kept after one step: the recipe's state, and the watch's memory (plain JSON)."""

    step: int
    state: bytes
    memory: dict[str, Any]


class CheckpointFolder:
    """The checkpoints of one fit.

    Fits with the same key (data, hyperparameters, seed, options, libraries) are the same fit. A
    file holds the SHA-256 of all that follows, the lengths of memory and state (8 bytes each,
    little-endian), the memory as JSON, and the state.

    Attributes:
        stop_requested: The user wants to stop; the next call of `keep` does so.
    """

    def __init__(self, folder: Path, key: str, every: int) -> None:
        """Keep checkpoints of the fit `key` in `folder`, one after every `every` steps."""
        self.stop_requested = False
        self._parent = folder
        self._folder = folder / key
        self._every = every
        self._whole: list[int] | None = None
        """Steps of the whole checkpoints, ascending; None: not looked at yet."""
        self._newest: Checkpoint | None = None

    def newest(self) -> Checkpoint | None:
        """Read the newest checkpoint that is whole; damaged ones are told of and passed over."""
        if self._whole is not None:
            return self._newest
        self._whole = []
        for step in sorted(self._steps(), reverse=True):
            found = _read(self._file(step), step)
            if found is None:
                continue
            self._whole.insert(0, step)
            if self._newest is None:
                self._newest = found
        return self._newest

    def keep(
        self, step: int, state: Callable[[], bytes], memory: Callable[[], dict[str, Any]]
    ) -> None:
        """Write a checkpoint where one is due after this step; see `StepWatch.keep`."""
        if step % self._every and not self.stop_requested:
            return
        self._write(Checkpoint(step, state(), memory()))
        if self.stop_requested:
            logger.warning(
                "Stopped after step %d. Its checkpoint is kept: the same run goes on from there.",
                step,
            )
            raise KeyboardInterrupt

    def kept(self) -> int | None:
        """Tell the step of the newest whole checkpoint."""
        self.newest()
        return self._whole[-1] if self._whole else None

    def clear(self) -> None:
        """Remove all checkpoints, once the fit is over and its result stored."""
        _remove(self._folder)
        self._whole, self._newest = [], None

    def remove_others(self) -> None:
        """Remove the checkpoints of fits with other keys from the same folder."""
        for folder in _keys_in(self._parent):
            if folder != self._folder:
                _remove(folder)

    def _write(self, checkpoint: Checkpoint) -> None:
        self.newest()
        file = self._file(checkpoint.step)
        try:
            with replacing(file) as unfinished:
                _write_through(unfinished, _encode(checkpoint))
            _write_through_folder(file.parent)
        except OSError as error:
            kept = self.kept()
            stands = (
                f"The checkpoint of step {kept} stands, and the same run goes on from there"
                if kept is not None
                else "There is no earlier one, so that the same run starts anew"
            )
            raise TrainingError(
                f"The checkpoint of step {checkpoint.step} cannot be written to {file}: {error}. "
                f"{stands}. Next step: free space on that disk, or set training.checkpoints.every "
                "to null to train without checkpoints, and run again."
            ) from error
        # what was read is not needed again, and may be large
        self._newest = None
        self._whole = [*(self._whole or []), checkpoint.step][-KEPT:]
        self._tidy()

    def _tidy(self) -> None:
        """Remove what is too old or damaged, and what a killed process left half written."""
        wanted = {self._file(step) for step in self._whole or []}
        for file in self._folder.iterdir():
            if file not in wanted and NAME.search(file.name):
                file.unlink(missing_ok=True)

    def _file(self, step: int) -> Path:
        return self._folder / f"step_{step:06d}.ckpt"

    def _steps(self) -> list[int]:
        if not self._folder.is_dir():
            return []
        found = (NAME.fullmatch(file.name) for file in self._folder.iterdir())
        return [int(match[1]) for match in found if match]


def clear_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of all fits that were given this folder: their results are stored."""
    for key in _keys_in(folder):
        _remove(key)


def _keys_in(folder: Path) -> list[Path]:
    """List the folders of fits that lie in a folder."""
    if not folder.is_dir():
        return []
    found = [entry for entry in sorted(folder.iterdir()) if KEY.fullmatch(entry.name)]
    return [entry for entry in found if entry.is_dir()]


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def _encode(checkpoint: Checkpoint) -> bytes:
    memory = json.dumps(checkpoint.memory).encode()
    content = LENGTHS.pack(len(memory), len(checkpoint.state)) + memory + checkpoint.state
    return hashlib.sha256(content).digest() + content


def _read(file: Path, step: int) -> Checkpoint | None:
    """Read a file; None, and a warning, where it is not whole."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        logger.warning(
            "The checkpoint %s cannot be read (%s); the one before is used.", file, error
        )
        return None
    content = raw[HASH_BYTES:]
    start = LENGTHS.size
    if len(content) < start or hashlib.sha256(content).digest() != raw[:HASH_BYTES]:
        logger.warning(
            "The checkpoint %s is damaged: it is cut short, or not what was written. The one "
            "before is used.",
            file,
        )
        return None
    memory_length, _ = LENGTHS.unpack(content[:start])
    end = start + memory_length
    return Checkpoint(step, content[end:], json.loads(content[start:end]))


def _write_through(file: Path, content: bytes) -> None:
    with file.open("wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())


def _write_through_folder(folder: Path) -> None:
    """Make the renaming itself last through a power failure; Windows knows no such thing."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
