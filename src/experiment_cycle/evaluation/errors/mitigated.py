"""Which sensitive column a fairer alternative is fair by."""

from __future__ import annotations

from experiment_cycle.columns import Columns
from experiment_cycle.errors import ConfigurationError, near_misses
from experiment_cycle.evaluation.options import EvaluationOptions


def mitigated_column(columns: Columns, options: EvaluationOptions) -> str:
    """Name the sensitive column that is mitigated for.

    Raises:
        ConfigurationError: no column is sensitive, or not the one asked for.
    """
    wanted = options.fairness.mitigated
    if not columns.sensitive:
        raise ConfigurationError(
            f"evaluation.fairness.mitigation: '{options.fairness.mitigation}' needs a sensitive "
            "column. Next step: name it in columns.sensitive, or set mitigation to none."
        )
    if wanted is not None and wanted not in columns.sensitive:
        raise ConfigurationError(
            f"evaluation.fairness.mitigated: '{wanted}' is no sensitive column. "
            f"{near_misses(wanted, columns.sensitive)}"
        )
    return wanted or columns.sensitive[0]
