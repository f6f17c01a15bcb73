"""Kedro's settings of this project; https://docs.kedro.org lists them all."""

import os

# Before anything else is imported: idle OpenMP threads sleep instead of spinning (which costs up to
# twenty times the CPU on a shared machine), and no vendor reports usage. What the user set stays.
for variable, value in {
    "OMP_WAIT_POLICY": "PASSIVE",
    "DO_NOT_TRACK": "1",
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # looks for Databricks through IPython, whose import costs more than a stage
    "MLFLOW_ENABLE_SGC_RUN_RESUMPTION_FOR_DATABRICKS_JOBS": "false",
}.items():
    os.environ.setdefault(variable, value)

from experiment_cycle.hooks import HOOKS as LIBRARY_HOOKS  # noqa: E402

HOOKS = LIBRARY_HOOKS

# the library brings its own subclass of kedro-mlflow's hook
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "config_patterns": {"tracking": ["tracking*", "tracking*/**", "**/tracking*"]},
    "merge_strategy": {"parameters": "soft", "mlflow": "soft", "tracking": "soft"},
}
