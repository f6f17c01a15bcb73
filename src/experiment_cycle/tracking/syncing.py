"""Brings trackers up to date that were down, slow or offline while runs were recorded."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import mlflow
from mlflow.tracking import MlflowClient

from experiment_cycle.options import Record
from experiment_cycle.tracking.delivery import Order
from experiment_cycle.tracking.fan_out import journals, start_delivery, unless_written
from experiment_cycle.tracking.files import KeptArtifacts
from experiment_cycle.tracking.journal import Journal, Receipt
from experiment_cycle.tracking.options import RECORD, TrackingOptions

State = Literal["complete", "brought up to date", "uploaded", "offline", "behind", "being written"]


class Synced(Record):
    """What became of one record of one tracker.

    Attributes:
        run_id: The cycle's.
        tracker: Its name.
        state: How it is now. `offline`: all is kept in files, and the service does not take them.
        reference: Where a person finds it.
        told: Why it is behind or offline, or which artifacts nobody has any more; empty if neither.
    """

    run_id: str
    tracker: str
    state: State
    reference: str
    told: str


def sync(
    folder: Path,
    project: Path,
    options: TrackingOptions,
    credentials: Mapping[str, Any],
    only: Sequence[str] = (),
) -> Iterator[Synced]:
    """Deliver what trackers lack, the oldest run first; done twice, it changes nothing.

    Args:
        folder: Of all journals.
        project: The project's folder.
        options: Which trackers, and how long to wait for one: twice `patience_seconds`, and a
            minute more.
        credentials: A block for each tracker that needs one.
        only: Trackers to look at; all that the options name, if empty.

    Yields:
        What became of each record of each tracker.
    """
    given_up: dict[str, str] = {}
    for journal in journals(folder):
        run_id = journal.description().run_id
        with unless_written(journal) as free:
            for name in only or _trackers(options, journal):
                receipt = journal.receipt(name)
                if name == RECORD and not receipt.failure:
                    continue
                done = journal.has_all(name) and not receipt.offline
                if done or not free:
                    yield _synced(run_id, name, "complete" if done else "being written", receipt)
                elif name in given_up:
                    state: State = "offline" if journal.has_all(name) else "behind"
                    yield _synced(run_id, name, state, receipt, given_up[name])
                else:
                    order = Order(
                        folder=journal.folder,
                        project=project,
                        tracker=name,
                        options=_options(options, name),
                        credentials=dict(credentials.get(name) or {}),
                        kept=_kept(run_id),
                        upload=True,
                    )
                    found = _sync(run_id, order, journal, 2 * options.patience_seconds + 60.0)
                    if found.state in {"behind", "offline"}:
                        given_up[name] = "not tried again after the one above"
                    yield found


def _trackers(options: TrackingOptions, journal: Journal) -> list[str]:
    """Name the trackers in use, and those that have begun with this run and not come to an end."""
    begun = [
        name
        for name in journal.trackers()
        if not journal.has_all(name) or journal.receipt(name).offline
    ]
    return list(dict.fromkeys([*options.trackers, *begun]))


def _sync(run_id: str, order: Order, journal: Journal, seconds: float) -> Synced:
    name = order.tracker
    before = journal.receipt(name)
    had_all = journal.has_all(name)
    slow = not _deliver(order, seconds)
    now = journal.receipt(name)
    if not journal.has_all(name) or (slow and not had_all):
        told = now.failure or f"it had not taken all after {seconds:g} seconds"
        return _synced(run_id, name, "behind", now, told)
    if now.offline:
        return _synced(run_id, name, "offline", now, now.failure or "the service did not answer")
    state: State = "uploaded" if before.offline else "brought up to date"
    return _synced(run_id, name, state, now)


def _deliver(order: Order, seconds: float) -> bool:
    """Deliver, and tell whether it came to its end in time."""
    process = start_delivery(order)
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return False
    return True


def _synced(run_id: str, tracker: str, state: State, receipt: Receipt, told: str = "") -> Synced:
    missing = ", ".join(receipt.missing)
    told = told or (f"written over before it could be sent: {missing}" if missing else "")
    return Synced(
        run_id=run_id, tracker=tracker, state=state, reference=receipt.reference, told=told
    )


def _options(options: TrackingOptions, tracker: str) -> dict[str, Any]:
    if tracker == RECORD:
        return {"store": mlflow.get_tracking_uri()}
    return options.of(tracker)


def _kept(run_id: str) -> KeptArtifacts | None:
    try:
        run = MlflowClient().get_run(run_id)
    except mlflow.MlflowException:
        return None
    return KeptArtifacts(artifacts=str(run.info.artifact_uri), store=mlflow.get_tracking_uri())
