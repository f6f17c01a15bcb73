"""A Kedro hook that lets one cycle at a time write into a project."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from experiment_cycle.tracking.project_lock import ProjectLock


class ProjectLockHook:
    """Hold the project's lock from before the first hook of a run until after the last one.

    Kedro calls no hook after Ctrl-C: the lock is then freed with the process, and in a notebook,
    whose process lives on, taken over by the next run there.
    """

    def __init__(self) -> None:
        self._lock: ProjectLock | None = None
        self._thread: threading.Thread | None = None
        self._project = Path()

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Remember the project's folder."""
        self._project = context.project_path

    @hook_impl(wrapper=True)
    def before_pipeline_run(self, pipeline: Pipeline) -> Generator[None, Any, Any]:
        """Take the lock; free it if another hook refuses the run, after which none is called.

        Runs that are no part of a cycle, such as predictions, write files of their own.
        """
        cycle = {node.name for node in pipelines["__default__"].nodes}
        if not any(node.name in cycle for node in pipeline.nodes):
            return (yield)
        if self._thread is threading.current_thread() or not self._is_running():
            self._release()
        lock = ProjectLock(self._project)
        lock.acquire("kedro run")
        self._lock, self._thread = lock, threading.current_thread()
        atexit.register(self._release)
        try:
            return (yield)
        except BaseException:
            self._release()
            raise

    @hook_impl(wrapper=True)
    def after_pipeline_run(self) -> Generator[None, Any, Any]:
        """Free the lock when all others are through."""
        try:
            return (yield)
        finally:
            self._end()

    @hook_impl(wrapper=True)
    def on_pipeline_error(self) -> Generator[None, Any, Any]:
        """Free the lock when all others are through."""
        try:
            return (yield)
        finally:
            self._end()

    def _end(self) -> None:
        """Free the lock, unless it is that of a run in another thread."""
        if self._thread is threading.current_thread():
            self._release()

    def _is_running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _release(self) -> None:
        atexit.unregister(self._release)
        lock, self._lock, self._thread = self._lock, None, None
        if lock is not None:
            lock.release()
