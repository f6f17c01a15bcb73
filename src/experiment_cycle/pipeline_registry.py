"""The project's pipelines, found by looking into the folder `pipelines`.

Not Kedro's `find_pipelines`: since 1.5 it imports only the folders named in `--pipelines`, so that
a pipeline composed of several stages could not be run by its name.
"""

from importlib import import_module
from pkgutil import iter_modules

from kedro.pipeline import Pipeline

from . import pipelines

APART = frozenset({"prediction"})
"""No part of a cycle: run by their names only."""


def register_pipelines() -> dict[str, Pipeline]:
    """Map each stage's name to its pipeline, and `__default__` to all that make a cycle."""
    stages = {
        module.name: import_module(f"{pipelines.__name__}.{module.name}").create_pipeline()
        for module in iter_modules(pipelines.__path__)
    }
    cycle = [stage for name, stage in stages.items() if name not in APART]
    return {"__default__": sum(cycle, Pipeline([])), **stages}
