"""What killed processes leave: temporary folders, and files under an unfinished name."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from experiment_cycle.tracking.removable import Removable, newest, removable

OURS = re.compile(
    r"(tuning-|sweep-|delivery-|ray_tune|experiment_cycle_)\w+|ray[a-z0-9_]{8}|\.dvc\.\w+"
    r"|\.removing-[0-9a-f]{32}"
)
"""Names of temporary folders: ours, of Ray that we start, of DVC, and what is half removed."""
UNFINISHED = re.compile(r"\..+\.(?P<pid>\d+)")
"""Names of files that are being written; see `replacing`."""
UNTOUCHED_SECONDS = 24 * 3600.0


def left_folders(*places: Path) -> Iterator[Removable]:
    """Find temporary folders of this user that no process uses, and that were left for a day.

    Args:
        places: Where to look besides the system's folder for temporary files.
    """
    found = [
        folder
        for place in dict.fromkeys([Path(tempfile.gettempdir()), *places])
        for folder in (sorted(place.iterdir()) if place.is_dir() else ())
        if OURS.fullmatch(folder.name) and _is_left(folder)
    ]
    used = _used_by_processes() if found else ""
    for folder in found:
        if str(folder) not in used:
            one = removable(
                "temporary folder", str(folder), "left for a day by a process", [folder]
            )
            if one is not None:
                yield one


def unfinished_files(folder: Path) -> Iterator[Removable]:
    """Find files under the name they have while they are written, whose writer is gone."""
    for file in sorted(folder.rglob(".*")):
        name = UNFINISHED.fullmatch(file.name)
        if name is None or not file.is_file() or psutil.pid_exists(int(name["pid"])):
            continue
        if newest(file) > time.time() - UNTOUCHED_SECONDS:  # a number may be one of another machine
            continue
        why = "its writer was killed"
        one = removable("unfinished file", str(file.relative_to(folder.parent)), why, [file])
        if one is not None:
            yield one


def _is_left(folder: Path) -> bool:
    try:
        status = folder.lstat()
        mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        is_folder = folder.is_dir() and not folder.is_symlink()
        return mine and is_folder and newest(folder) < time.time() - UNTOUCHED_SECONDS
    except OSError:  # it goes while one looks: somebody uses it
        return False


def _used_by_processes() -> str:
    """Name everything that processes of this user have open, work in, or were started with."""
    told = []
    for process in psutil.process_iter():
        for ask in (process.cmdline, process.cwd, process.open_files, process.environ):
            try:
                told.append(str(ask()))
            except (psutil.Error, OSError):
                continue
    return "\n".join(told)
