"""How columns are made into numbers: `training.preprocessing`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from experiment_cycle.options import Options

Impute = Literal["auto", "none", "median", "mean", "most_frequent", "zero"]
Scale = Literal["auto", "none", "standard", "robust", "minmax", "quantile"]
Encode = Literal["auto", "one_hot", "ordinal", "target"]
DatePart = Literal["year", "month", "day", "day_of_week", "day_of_year", "hour", "timestamp"]
Kind = Literal["numeric", "categorical", "date"]

KEYS: dict[Kind, tuple[str, ...]] = {
    "numeric": ("impute", "indicator", "scale"),
    "categorical": ("encode", "min_rows", "max_levels"),
    "date": ("parts",),
}
"""The keys of a single column's options, by the kind of column they are about."""


class NumericOptions(Options):
    """Columns of numbers and booleans."""

    impute: Impute = "auto"
    indicator: bool = Field(default=False, description="one input more: was it missing")
    scale: Scale = "auto"


class CategoricalOptions(Options):
    """Columns of text with few levels, and categoricals."""

    encode: Encode = "auto"
    min_rows: int = Field(default=10, ge=1, description="rarer levels share one input or code")
    max_levels: int | None = Field(
        default=None,
        ge=2,
        description="likewise beyond the most frequent; null: 100 inputs, or 250 codes",
    )


class DateOptions(Options):
    """Columns of dates and times."""

    parts: tuple[DatePart, ...] = Field(
        default=("year", "month", "day_of_week", "hour", "timestamp"), min_length=1
    )


class TextOptions(Options):
    """Columns of text that hardly ever repeats: no feature is made of them."""

    from_distinct_share: float = Field(
        default=0.5, gt=0.0, le=1.0, description="of the rows; such a column is text, no category"
    )


class ColumnOptions(Options):
    """One column treated otherwise: with keys of its kind, or by a transformer of the user's."""

    kind: Kind | None = Field(
        default=None, description="what to take the column for; null: what its type says"
    )
    impute: Impute | None = None
    indicator: bool | None = None
    scale: Scale | None = None
    encode: Encode | None = None
    min_rows: int | None = Field(default=None, ge=1)
    max_levels: int | None = Field(default=None, ge=2)
    parts: tuple[DatePart, ...] | None = Field(default=None, min_length=1)
    transformer: str | None = Field(default=None, description="dotted path of a class")
    parameters: dict[str, Any] = Field(default={}, description="what its constructor takes")

    @model_validator(mode="after")
    def _is_of_one_kind(self) -> Self:
        given = {kind: keys for kind in KEYS if (keys := self.given(kind))}
        if self.kind is not None:
            given.setdefault(self.kind, ())
        if self.transformer is not None and given:
            raise ValueError(
                "transformer stands alone: it makes all inputs of the column, so that no other "
                "key but parameters has a meaning beside it"
            )
        if self.transformer is None and self.parameters:
            raise ValueError("parameters are of a transformer, and none is named")
        if len(given) > 1:
            told = "; ".join(f"{kind}: {', '.join(KEYS[kind])}" for kind in given)
            raise ValueError(f"a column is of one kind, and these keys are of several ({told})")
        return self

    @property
    def asked(self) -> Kind | None:
        """The kind of column that is said, or that keys are about."""
        return self.kind or next((kind for kind in KEYS if self.given(kind)), None)

    def given(self, kind: Kind) -> tuple[str, ...]:
        """Name the keys of a kind that are set."""
        return tuple(key for key in KEYS[kind] if getattr(self, key) is not None)


class PreprocessingOptions(Options):
    """`auto` is what the estimator wants; `columns` treats single columns otherwise."""

    numeric: NumericOptions = NumericOptions()
    categorical: CategoricalOptions = CategoricalOptions()
    dates: DateOptions = DateOptions()
    text: TextOptions = TextOptions()
    columns: dict[str, ColumnOptions] = Field(
        default={}, description="options of single columns, by name"
    )
    transformer: str | None = Field(
        default=None, description="dotted path of a transformer of all raw features, put first"
    )
    parameters: dict[str, Any] = Field(default={}, description="what its constructor takes")
    trusted_types: tuple[str, ...] = Field(
        default=(), description="types of yours that the saved transformers hold"
    )

    @model_validator(mode="after")
    def _names_what_parameters_are_of(self) -> Self:
        if self.transformer is None and self.parameters:
            raise ValueError("parameters are of a transformer, and none is named")
        return self

    def of_numeric(self, column: str) -> NumericOptions:
        """Read the options of a numeric column: its own where it has some."""
        return self.numeric.model_copy(update=self._own(column, "numeric"))

    def of_categorical(self, column: str) -> CategoricalOptions:
        """Read the options of a categorical column: its own where it has some."""
        return self.categorical.model_copy(update=self._own(column, "categorical"))

    def of_date(self, column: str) -> DateOptions:
        """Read the options of a column of dates: its own where it has some."""
        return self.dates.model_copy(update=self._own(column, "date"))

    def _own(self, column: str, kind: Kind) -> dict[str, Any]:
        own = self.columns.get(column, ColumnOptions())
        return {key: getattr(own, key) for key in own.given(kind)}
