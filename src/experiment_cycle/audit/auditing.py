"""The whole audit of a project: the split, the data, the seal, the witness, the canaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kedro.io import DataCatalog
from kedro.pipeline import Pipeline

from experiment_cycle.audit import fitted, label_shuffle, perturbation
from experiment_cycle.audit.canaries import Canaries, Step
from experiment_cycle.audit.openings import Event
from experiment_cycle.audit.records import AuditReport, parameters_hash
from experiment_cycle.audit.rerun import Harness
from experiment_cycle.audit.route import RAW, plan_route
from experiment_cycle.audit.seal import seal_finding
from experiment_cycle.audit.shortened import shortened
from experiment_cycle.audit.stored import Stored
from experiment_cycle.columns import Columns
from experiment_cycle.problem import Task
from experiment_cycle.splitting.leakage.audit import audit_leakage
from experiment_cycle.splitting.leakage.options import AuditOptions
from experiment_cycle.splitting.options import SplittingOptions
from experiment_cycle.splitting.records import Finding
from experiment_cycle.splitting.verify import verify_split
from experiment_cycle.training.options import TrainingOptions
from experiment_cycle.tuning.options import TuningOptions


@dataclass(frozen=True, eq=False)
class Subject:
    """The project that is audited.

    Attributes:
        folder: Its folder.
        catalog: Its catalog, with typed parameters.
        pipeline: All its nodes.
        columns: The roles of the columns.
        task: What the target is predicted as.
        splitting: How rows were split.
        tuning: How hyperparameters are searched.
        training: How models are trained.
        options: Waivers, and what the data-side checks are told.
        seed: Where all random choices come from.
        pinned: Whether a kept version takes the place of the raw data.
        events: The openings of the test set in this cycle; None: not recorded.
    """

    folder: Path
    catalog: DataCatalog
    pipeline: Pipeline
    columns: Columns
    task: Task
    splitting: SplittingOptions
    tuning: TuningOptions
    training: TrainingOptions
    options: AuditOptions
    seed: int
    pinned: bool
    events: list[Event] | None


@dataclass(frozen=True)
class Scope:
    """How much is tried.

    Attributes:
        shuffles: Of the labels; 0: none.
        trials: Of each search.
        canaries: Whether the canaries run at all.
    """

    shuffles: int = label_shuffle.FEWEST
    trials: int = 3
    canaries: bool = True

    @property
    def steps(self) -> int:
        """Count what `on_step` will be told of."""
        return 2 + (3 + self.shuffles if self.canaries else 1)

    @property
    def left_out(self) -> dict[str, str]:
        """Say which checks do not run, by code, and why."""
        if not self.canaries:
            codes = (perturbation.ABOUT.code, label_shuffle.ABOUT.code)
            return dict.fromkeys(codes, "left out with --skip-canaries")
        return {} if self.shuffles else {label_shuffle.ABOUT.code: "left out with --shuffles=0"}


def audit_project(subject: Subject, scope: Scope, on_step: Step = lambda step: None) -> AuditReport:
    """Run every check there is.

    Nothing of the project is changed: its pipelines run again in folders of their own.

    Args:
        subject: The project.
        scope: How much to try.
        on_step: Told after each step.

    Raises:
        DataError: the stage splitting has not run yet.
    """
    stored = Stored.load(subject.catalog)
    problems = verify_split(
        stored.snapshot,
        stored.assignment,
        stored.manifest,
        subject.columns,
        subject.splitting,
        stored.champion,
    )
    on_step("split")
    data = audit_leakage(
        stored.snapshot,
        stored.assignment,
        subject.columns,
        subject.splitting,
        subject.options,
        subject.seed,
    )
    on_step("data")
    seal = seal_finding(subject.pipeline.nodes, subject.events, subject.options)
    tried, not_run = _try_code(subject, stored, scope, on_step)
    findings = (*data.findings, seal, *tried)
    failed = any(finding.status == "failed" for finding in findings)
    return AuditReport(
        passed=not failed and not problems,
        split=stored.manifest.hash,
        parameters=parameters_hash(
            subject.task,
            subject.seed,
            subject.columns,
            subject.splitting,
            subject.tuning,
            subject.training,
        ),
        split_problems=tuple(problems),
        findings=findings,
        not_run=not_run,
        unused_waivers=data.unused_waivers,
    )


def _try_code(
    subject: Subject, stored: Stored, scope: Scope, on_step: Step
) -> tuple[list[Finding], dict[str, str]]:
    """Run the fit witness and the canaries; what ends in an error has not run."""
    canaries = _canaries(subject, stored, scope, on_step)
    found: dict[str, Finding] = {}
    not_run = scope.left_out

    def attempt(code: str, check: Callable[[], Finding]) -> None:
        if code in not_run:
            return
        try:
            found[code] = check()
        except Exception as error:  # the user's code may fail in any way
            not_run[code] = " ".join(f"{type(error).__name__}: {error}".split())

    def witnessed() -> Finding:
        if not canaries.seen:
            canaries.watch_fits()
            on_step("fit witness")
        training = canaries.harness.route.training
        return fitted.fit_witness_finding(canaries.seen, subject.options, training)

    attempt(perturbation.ABOUT.code, canaries.perturb)
    attempt(fitted.ABOUT.code, witnessed)
    attempt(label_shuffle.ABOUT.code, lambda: canaries.shuffle_labels(scope.shuffles))
    return [found[code] for code in sorted(found)], dict(sorted(not_run.items()))


def _canaries(subject: Subject, stored: Stored, scope: Scope, on_step: Step) -> Canaries:
    prepared = RAW in subject.pipeline.all_outputs() and not subject.pinned
    harness, plain = (
        Harness(
            subject.folder,
            subject.catalog,
            plan_route(subject.pipeline, from_raw=from_raw),
            stored.assignment,
        )
        for from_raw in (prepared, False)
    )
    return Canaries(
        harness=harness,
        plain=plain if prepared else harness,
        columns=subject.columns,
        task=subject.task,
        few_trials=shortened(subject.tuning, subject.training, scope.trials),
        no_search=shortened(subject.tuning, subject.training, None),
        seed=subject.seed,
        options=subject.options,
        keep=frozenset(name for name in (subject.splitting.column,) if name is not None),
        on_step=on_step,
    )
