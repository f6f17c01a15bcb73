"""The options are what the project ships, and closed."""

from pathlib import Path

import pytest
import yaml
from pydantic import ValidationError

from experiment_cycle.evaluation.options import EvaluationOptions

SHIPPED = Path(__file__).parents[2] / "conf" / "base" / "parameters_evaluation.yml"


def test_the_shipped_file_has_every_key_with_its_default() -> None:
    shipped = yaml.safe_load(SHIPPED.read_text())["evaluation"]

    # what is expected of the example's models is an example too
    assert shipped["behaviour"]
    plain = {**shipped, "behaviour": []}
    assert EvaluationOptions().model_dump(mode="json") == plain
    assert EvaluationOptions.model_validate(plain) == EvaluationOptions()


@pytest.mark.parametrize(
    "wrong",
    [
        {"treshold": 0.4},
        {"slices": {"bin": 3}},
        {"fairness": {"min_rows": 3}},
        {"threshold": 0.4},
        {"confidence": 1.0},
        {"bootstrap_replicates": 99},
        {"slices": {"bins": 11}},
    ],
)
def test_a_misspelt_key_or_a_value_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EvaluationOptions.model_validate(wrong)
