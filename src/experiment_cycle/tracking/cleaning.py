"""Which records of cycles nothing refers to any more.

A cycle is kept whole if it is one of the newest, if it came to a decision, whatever was decided, if
a model of the registry comes from it, if it is going on, or if its name occurs in what is kept for
ever: the ledger, the history of the champion, the records of cycles that came to a decision. Of the
others parameters, metrics and tags stay, so that they are still found; their files may go.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import mlflow
from mlflow.entities import Run, ViewType
from mlflow.tracking import MlflowClient

from experiment_cycle.tracking.fan_out import unless_written
from experiment_cycle.tracking.journal import Journal
from experiment_cycle.tracking.left_running import PROCESS, is_gone
from experiment_cycle.tracking.options import RECORD
from experiment_cycle.tracking.removable import Removable, removable, remove

CLEANED = "cycle.cleaned"
"""The tag of a cycle whose files were removed."""
DECISION = "decision.decision"
PAGE = 500


@dataclass(frozen=True)
class Records:
    """The recorded cycles of an experiment, the newest first, and which of them are kept whole.

    Attributes:
        runs: All of them, as MLflow has them.
        whole: Ids of those that are kept whole, each with the reason.
        oldest_kept: When the oldest of the newest cycles began (seconds since 1970); None where
            there are no older ones.
    """

    runs: tuple[Run, ...]
    whole: dict[str, str]
    oldest_kept: float | None

    @property
    def others(self) -> tuple[Run, ...]:
        """Give those whose files may go."""
        return tuple(run for run in self.runs if run.info.run_id not in self.whole)


def read_records(experiment_id: str, keep: int, written: Iterable[Path]) -> Records:
    """Read all cycles of an experiment, and find out which are kept whole.

    Args:
        experiment_id: Of MLflow.
        keep: How many of the newest are kept, whatever came of them.
        written: Files that name cycles, such as the ledger; none need exist.
    """
    client = MlflowClient()
    runs = tuple(_search(client, [experiment_id], ViewType.ACTIVE_ONLY, "tags.cycle_id != ''"))
    versions = client.search_model_versions()
    registered = {str(version.run_id) for version in versions}
    decided = [run for run in runs if DECISION in run.data.tags]
    named = " ".join(
        [
            *(file.read_text("utf-8", "replace") for file in written if file.is_file()),
            str(client.get_experiment(experiment_id).tags),
            *(f"{version.source} {version.tags}" for version in versions),
            *(str(model.tags) for model in client.search_registered_models()),
            *(str(run.data.tags) for run in decided),
        ]
    )
    whole: dict[str, str] = {}
    for place, run in enumerate(runs):
        reasons = {
            "is one of the newest": place < keep,
            "came to a decision": DECISION in run.data.tags,
            "has a model in the registry": run.info.run_id in registered,
            "is going on": _is_going_on(run),
            "is named by what is kept": run.info.run_id in named,
        }
        found = [reason for reason, holds in reasons.items() if holds]
        if found:
            whole[run.info.run_id] = found[0]
    older = runs[keep:]
    return Records(runs, whole, runs[keep - 1].info.start_time / 1000 if older else None)


def named_data_versions(backend: str) -> set[str]:
    """Name the data versions that any run of the store was recorded with, deleted ones too."""
    client = MlflowClient()
    experiments = [each.experiment_id for each in client.search_experiments(ViewType.ALL)]
    asked = f"tags.`dataset.backend` = '{backend}'"
    runs = _search(client, experiments, ViewType.ALL, asked)
    return {run.data.tags.get("dataset.id", "") for run in runs}


def old_artifacts(records: Records, project: Path, local_records: Path) -> Iterator[Removable]:
    """Find the files of cycles that are not kept whole, as far as they lie in the project.

    Args:
        records: Which are kept.
        project: The project's folder.
        local_records: Where the tracker `local` keeps a folder a run.
    """
    models = _logged_models(records)
    for run in records.others:
        run_id = run.info.run_id
        places = [
            _local(str(run.info.artifact_uri), run_id),
            *(_local(uri, model) for model, uri in models.get(run_id, ())),
            local_records / run_id,
        ]
        inside = [place for place in places if place is not None and _is_inside(place, project)]
        why = f"{run.info.status.lower()} without a decision"
        one = removable("artifacts", run_id, why, inside)
        if one is not None and one.size_bytes:
            yield one


def old_journals(records: Records, folder: Path, trackers: Iterable[str]) -> Iterator[Removable]:
    """Find the journals of older cycles that every tracker has taken, and nothing waits in.

    Args:
        records: The newest keep theirs.
        folder: Of all journals.
        trackers: Those that the options name.
    """
    kept = {run_id for run_id, why in records.whole.items() if why == "is one of the newest"}
    for run in records.runs:
        journal = Journal(folder / run.info.run_id)
        if run.info.run_id in kept or _is_going_on(run) or not journal.entries_file.is_file():
            continue
        if all(_has_taken(journal, name) for name in (*trackers, *_fed(journal))):
            why = "every tracker has taken it"
            one = removable("journal", run.info.run_id, why, [journal.folder])
            if one is not None:
                yield one


def remove_record(one: Removable) -> None:
    """Remove what `old_artifacts` or `old_journals` found; the record says so first.

    Raises:
        OSError: a file cannot be removed.
    """
    if one.kind == "journal":
        with unless_written(Journal(one.places[0])) as free:
            if not free:
                return
        remove(one.places)
        return
    MlflowClient().set_tag(one.name, CLEANED, "its files were removed: kedro cycle clean")
    remove(one.places)


def _search(
    client: MlflowClient, experiments: list[str], view: int, condition: str
) -> Iterator[Run]:
    token = None
    while experiments:
        found = client.search_runs(
            experiments,
            condition,
            run_view_type=view,
            max_results=PAGE,
            order_by=["attributes.start_time DESC"],
            page_token=token,
        )
        yield from found
        token = found.token
        if not token:
            return


def _is_going_on(run: Run) -> bool:
    return run.info.status == "RUNNING" and not is_gone(run.data.tags.get(PROCESS, ""))


def _logged_models(records: Records) -> dict[str, list[tuple[str, str]]]:
    """Name models that were logged by cycles which are not kept whole, with their folders."""
    found: dict[str, list[tuple[str, str]]] = {}
    experiments = sorted({run.info.experiment_id for run in records.others})
    token: Any = None
    while experiments:
        page = mlflow.MlflowClient().search_logged_models(experiments, page_token=token)
        for model in page:
            place = (str(model.model_id), str(model.artifact_location))
            found.setdefault(str(model.source_run_id), []).append(place)
        token = page.token
        if not token:
            break
    return found


def _has_taken(journal: Journal, tracker: str) -> bool:
    receipt = journal.receipt(tracker)
    if tracker == RECORD:  # fed by the run itself; a receipt only says what it lacks
        return receipt.failure is None
    return journal.has_all(tracker) and receipt.failure is None and not receipt.offline


def _fed(journal: Journal) -> list[str]:
    """Name the trackers that have begun to take a journal, named by the options or not."""
    return [file.stem for file in journal.folder.glob("*.json") if file.stem != "run"]


def _local(uri: str, name: str) -> Path | None:
    """Name the folder of an address on this machine, if it is the one of `name`."""
    parts = urlsplit(uri)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"}:
        place = Path(url2pathname(parts.path))
    elif "://" in uri:
        return None
    else:
        place = Path(uri)
    return place if name in place.parts else None


def _is_inside(place: Path, project: Path) -> bool:
    inside, home = place.resolve(), project.resolve()
    return inside != home and inside.is_relative_to(home)
