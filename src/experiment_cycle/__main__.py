"""Run the packaged project: `python -m <package>`, with the options of `kedro run`."""

import sys
from pathlib import Path
from typing import Any

from kedro.framework.cli.utils import find_run_command
from kedro.framework.project import configure_project


def main(*args: Any, **kwargs: Any) -> Any:
    """Call the project's `run` command."""
    package_name = Path(__file__).parent.name
    configure_project(package_name)
    interactive = hasattr(sys, "ps1")
    kwargs["standalone_mode"] = not interactive
    return find_run_command(package_name)(*args, **kwargs)


if __name__ == "__main__":
    main()
