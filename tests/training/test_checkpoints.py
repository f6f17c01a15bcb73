from __future__ import annotations

import errno
import logging
import os
import signal

import pytest

from experiment_cycle.errors import TrainingError
from experiment_cycle.training import checkpoints
from experiment_cycle.training.checkpoints import CheckpointFolder, clear_checkpoints
from experiment_cycle.training.interruption import finishing_the_step

KEY = "a" * 64
MEMORY = {"curves": {"validation": {"rmse": [0.1, float("nan"), 1 / 3]}}, "best": 1 / 3}


@pytest.fixture
def folder(tmp_path):
    return CheckpointFolder(tmp_path, KEY, every=2)


def keep(folder, *steps):
    for step in steps:
        folder.keep(step, lambda step=step: b"state %d" % step, lambda: MEMORY)


def files(path):
    return sorted(file.name for file in (path / KEY).iterdir())


def test_nothing_is_found_where_nothing_was_kept(folder):
    assert folder.newest() is None
    assert folder.kept() is None


def test_states_are_kept_when_they_are_due_and_the_newest_two_stay(folder, tmp_path):
    keep(folder, *range(1, 10))
    assert files(tmp_path) == ["step_000006.ckpt", "step_000008.ckpt"]
    found = CheckpointFolder(tmp_path, KEY, every=2).newest()
    assert (found.step, found.state) == (8, b"state 8")
    # repr, because nan does not equal itself
    assert repr(found.memory) == repr(MEMORY)


def test_a_state_that_is_not_due_is_never_made(folder):
    folder.keep(3, lambda: pytest.fail("made"), lambda: pytest.fail("made"))


def test_other_keys_are_other_fits(folder, tmp_path):
    keep(folder, 2)
    other = CheckpointFolder(tmp_path, "b" * 64, every=2)
    assert other.newest() is None
    (tmp_path / "notes").mkdir()
    other.remove_others()
    assert sorted(os.listdir(tmp_path)) == ["notes"]


def test_clearing_removes_all_of_the_fit_and_nothing_else(folder, tmp_path):
    keep(folder, 2)
    (tmp_path / "notes").mkdir()
    folder.clear()
    assert folder.newest() is None
    keep(folder, 2)
    clear_checkpoints(tmp_path)
    assert os.listdir(tmp_path) == ["notes"]
    clear_checkpoints(tmp_path / "missing")


@pytest.mark.parametrize("damage", ["empty", "cut", "one byte", "hash only"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_is_used(damage, folder, tmp_path, caplog):
    keep(folder, 2, 4)
    file = tmp_path / KEY / "step_000004.ckpt"
    whole = file.read_bytes()
    flipped = whole[:-1] + bytes([whole[-1] ^ 1])
    contents = {"empty": b"", "cut": whole[:-1], "one byte": flipped, "hash only": whole[:32]}
    file.write_bytes(contents[damage])
    again = CheckpointFolder(tmp_path, KEY, every=2)
    with caplog.at_level(logging.WARNING):
        assert again.newest().step == again.kept() == 2
    assert [str(file) in message for message in caplog.messages] == [True]
    # the damaged one is not counted among the two that stay
    keep(again, 6)
    assert files(tmp_path) == ["step_000002.ckpt", "step_000006.ckpt"]


def test_all_damaged_is_a_start_from_the_beginning(folder, tmp_path, caplog):
    keep(folder, 2, 4)
    for file in (tmp_path / KEY).iterdir():
        file.write_bytes(file.read_bytes()[:20])
    assert CheckpointFolder(tmp_path, KEY, every=2).newest() is None
    assert len(caplog.messages) == 2


def test_what_a_killed_process_left_half_written_is_passed_over_and_removed(folder, tmp_path):
    keep(folder, 2)
    (tmp_path / KEY / ".step_000004.ckpt.123").write_bytes(b"half")
    again = CheckpointFolder(tmp_path, KEY, every=2)
    assert again.newest().step == 2
    keep(again, 4)
    assert files(tmp_path) == ["step_000002.ckpt", "step_000004.ckpt"]


def test_a_full_disk_says_what_stands(folder, tmp_path, monkeypatch):
    keep(folder, 2)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(TrainingError, match=r"step 4.*No space left.*of step 2 stands") as caught:
        keep(folder, 4)
    assert "training.checkpoints.every" in caught.value.message
    assert files(tmp_path) == ["step_000002.ckpt"]
    with pytest.raises(TrainingError, match="no earlier one"):
        keep(CheckpointFolder(tmp_path, "b" * 64, every=1), 1)


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def fail():
    pytest.fail("went on")


def stopped(folder, *events):
    """Let events happen in a fit, and tell whether Ctrl-C ended it."""
    try:
        with finishing_the_step(folder):
            for event in events:
                event()
    except KeyboardInterrupt:
        return True
    return False


def test_ctrl_c_waits_for_the_step_and_its_checkpoint(folder, tmp_path):
    before = signal.getsignal(signal.SIGINT)
    assert stopped(folder, press_ctrl_c, lambda: keep(folder, 3), fail)
    assert files(tmp_path) == ["step_000003.ckpt"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_ctrl_c_stops_at_once(folder, tmp_path):
    assert stopped(folder, press_ctrl_c, press_ctrl_c, fail)
    assert not (tmp_path / KEY).exists()


def test_ctrl_c_in_the_last_step_is_not_swallowed(folder):
    assert stopped(folder, press_ctrl_c)


def test_without_checkpoints_ctrl_c_stops_at_once():
    assert stopped(None, press_ctrl_c, fail)


def test_an_ignored_ctrl_c_stays_ignored(folder):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with finishing_the_step(folder):
            press_ctrl_c()
            keep(folder, 1)
    finally:
        signal.signal(signal.SIGINT, before)
    assert folder.kept() is None
