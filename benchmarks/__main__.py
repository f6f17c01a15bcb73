"""Run every benchmark, each in a process of its own: `make bench`."""

import os
import subprocess
import sys

BENCHMARKS = (
    "bootstrap",
    "coverage",
    "mlflow_share",
    "stages",
    "cycle",
    "report_page",
    "decision.false_promotions",
    "decision.outcomes",
    "decision.looks",
    "decision.million",
    "latency",
    "weak_slices",
    "fairness",
    "data_scale",
    "splitting",
    "leakage",
    "leakage_cost",
    "canaries",
    "training_loop",
    "training_quality",
    "tracking",
    "tuning",
    "prediction",
)


def main() -> None:
    """Run them one after the other; stop at the first that fails."""
    for name in BENCHMARKS:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        subprocess.run(command, check=True, env=os.environ | {"OMP_WAIT_POLICY": "PASSIVE"})


if __name__ == "__main__":
    main()
