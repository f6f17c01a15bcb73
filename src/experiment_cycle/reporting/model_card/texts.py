"""What only a person can write about a model: `reporting.model_card`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, StringConstraints

from experiment_cycle.options import Options

MOST_SIGNS = 4000
PLACE = "reporting.model_card in conf/base/parameters_reporting.yml"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_SIGNS)]


class ModelCardTexts(Options):
    """Each is plain text, or null: then it is an open item of the card."""

    owner: Text | None = Field(
        default=None, description="who made the model and answers for it, and how to reach them"
    )
    license: Text | None = Field(
        default=None, description="the model's licence, such as apache-2.0 or proprietary"
    )
    intended_uses: Text | None = Field(
        default=None, description="what the model is for, and for whom"
    )
    out_of_scope_uses: Text | None = Field(default=None, description="what it must not be used for")
    relevant_factors: Text | None = Field(
        default=None,
        description="groups, instruments and surroundings on which it may work less well",
    )
    ethical_considerations: Text | None = Field(
        default=None, description="whom decisions by it could harm, and what is done about that"
    )
    data_consent: Text | None = Field(
        default=None, description="on what grounds the data may be used: consent, licence, law"
    )
    limits: Text | None = Field(
        default=None, description="where the findings are not expected to hold, and what to mind"
    )
    population: Text | None = Field(
        default=None, description="the population or distribution that the claim is about"
    )
    population_motivation: Text | None = Field(
        default=None, description="why this population or distribution"
    )
    ml_motivation: Text | None = Field(
        default=None, description="why machine learning is used at all"
    )
    dataset_link: Text | None = Field(
        default=None, description="link or DOI that names the dataset"
    )
    code_link: Text | None = Field(
        default=None, description="link or DOI that names this version of the code"
    )
    data_sources: Text | None = Field(
        default=None,
        description="where the data come from, when they were collected, how the target was found",
    )
    sampling_frame: Text | None = Field(
        default=None, description="the set or distribution that the rows were sampled from"
    )
    data_suitability: Text | None = Field(default=None, description="why these data suit the task")
    missing_data: Text | None = Field(
        default=None,
        description="why values are missing, and whether as often in each class",
    )
    representativeness: Text | None = Field(
        default=None,
        description="why the rows of the evaluation are drawn from the population of the claim",
    )
    impossible_values: Text | None = Field(
        default=None, description="how impossible or corrupt rows were found and dealt with"
    )
    model_motivation: Text | None = Field(
        default=None, description="why models of this kind were tried"
    )
    baseline_motivation: Text | None = Field(
        default=None, description="why what it is compared with is a fair comparison"
    )
    legitimate_features: Text | None = Field(
        default=None,
        description="why each feature is known in time and stands for no outcome",
    )
    time_order: Text | None = Field(
        default=None, description="why rows need no order in time, though no time is declared"
    )
    external_validity: Text | None = Field(
        default=None, description="evidence from other data that the findings hold there, or none"
    )

    def text(self, key: str) -> str | None:
        """Read a text by its key; None if it is not written."""
        written: str | None = getattr(self, key)
        return written


def question(key: str) -> str:
    """Say what a text is to tell."""
    return str(ModelCardTexts.model_fields[key].description)


def missing(texts: ModelCardTexts, asked: Iterable[str]) -> list[str]:
    """Name the texts that are asked for and not written, in the order of their keys."""
    wanted = set(asked)
    return [key for key in ModelCardTexts.model_fields if key in wanted and texts.text(key) is None]
