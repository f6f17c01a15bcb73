"""The report page: seconds to build it and its size of the example.

The page is to stay under 6 MB and to be built in under 3 s.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.projects import copy_project

MOST_SECONDS, MOST_BYTES, MOST_CHARACTERS = 3.0, 6_000_000, 65_536


def main() -> None:
    """Run the example once, then render its report in the same process and in a second pass."""
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project

    with TemporaryDirectory() as folder:
        project = copy_project(Path(folder) / "project")
        bootstrap_project(project)
        logging.disable(logging.INFO)
        with KedroSession.create(project_path=project) as session:
            session.run()
        for step in ("first", "second"):
            seconds = render(project)
            print(f"  {step} time: {seconds:5.2f} s with reading, HTML, Markdown and model card")
            assert seconds < MOST_SECONDS, "the page takes too long to build"
        made = project / "data" / "08_reporting"
        page, twin = (made / "report.html").read_bytes(), (made / "report.md").read_text("utf-8")
        print(f"  page {len(page) / 1e6:.2f} MB, twin {len(twin):,} characters")
        assert len(page) < MOST_BYTES, "the page is too large"
        assert len(twin) < MOST_CHARACTERS, "the twin is too long for a comment"


def render(project: Path) -> float:
    """Render the report of what is stored; give the seconds of its node alone."""
    from kedro.framework.session import KedroSession

    with KedroSession.create(project_path=project) as session:
        context = session.load_context()
        from kedro.framework.project import pipelines

        (node,) = pipelines["reporting"].nodes
        catalog = context.catalog
        started = time.perf_counter()
        node.run({name: catalog.load(name) for name in node.inputs})
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
