"""Where Google's What-If Tool is installed: a file of its package, which is never imported."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

INSTALL = "pip install --no-deps witwidget==1.8.1"
"""Without its dependencies, because the page needs none of them and TensorFlow is one."""
PACKAGE, FILE = "witwidget", "static/wit_jupyter.html"


def front_end() -> Path | None:
    """Find the page of the tool; None where it is not installed."""
    spec = find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        file = Path(folder) / FILE
        if file.is_file():
            return file
    return None
