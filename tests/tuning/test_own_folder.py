"""Temporary folders of a search: those of killed processes go, those of living ones stay."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from experiment_cycle.tuning.own_folder import ALIVE, SETTLED_SECONDS, OwnFolder, remove_left

MAKE = """
import sys, time
from experiment_cycle.tuning.own_folder import OwnFolder
folder = OwnFolder("tuning-", sys.argv[1])
(folder.path / "arrays.bin").write_bytes(bytes(1000))
print(folder.path, flush=True)
time.sleep(600)
"""


def settle(folder: Path) -> None:
    moment = (folder / ALIVE).stat().st_mtime - 2 * SETTLED_SECONDS
    os.utime(folder / ALIVE, (moment, moment))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_new_folder_removes_that_of_a_killed_process_and_no_other(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MAKE, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    killed = Path(process.stdout.readline().strip())
    strange, own = tmp_path / "tuning-strange", OwnFolder("tuning-", str(tmp_path))
    strange.mkdir()
    for folder in (killed, own.path):
        settle(folder)
    remove_left("tuning-", tmp_path)
    assert killed.exists()  # while its process lives

    process.kill()
    process.communicate()
    with OwnFolder("tuning-", str(tmp_path)) as newest:
        left = {newest, own.path, strange}
        assert {each for each in tmp_path.iterdir() if each.is_dir()} == left
    own.remove()
    assert list(tmp_path.iterdir()) == [strange]
