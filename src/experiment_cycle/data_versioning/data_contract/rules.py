"""What a data contract may demand of a table: the rules of its YAML file, typed."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, get_args

import pyarrow as pa
from pydantic import Field, model_validator

from experiment_cycle.options import Options

Kind = Literal[
    "boolean",
    "integer",
    "float",
    "text",
    "bytes",
    "date",
    "time",
    "duration",
    "timestamp",
    "timestamp with time zone",
    "list",
    "struct",
]
KINDS: tuple[str, ...] = get_args(Kind)
NUMBERS = frozenset({"integer", "float"})
LISTABLE = {"boolean": bool, "integer": int, "text": str}
"""Types whose allowed values can be listed, and what YAML makes of such a value."""

Name = Annotated[str, Field(min_length=1)]


class ColumnRules(Options):
    """What every value of one column must fulfil; a missing one only has to be permitted."""

    type: Kind | None = Field(
        default=None, description="null: any. A float may be whole; an integer may be stored as one"
    )
    required: bool = Field(default=True, description="whether the column must be there")
    nullable: bool = Field(default=True, description="whether values may be missing")
    unique: bool = Field(default=False, description="whether no value may occur twice")
    allowed: tuple[Any, ...] | None = Field(
        default=None, min_length=1, description="the only values there may be; null: any"
    )
    min: int | float | None = Field(default=None, allow_inf_nan=False)
    max: int | float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _fit_the_type(self) -> Self:
        if self.type not in NUMBERS and (self.min is not None or self.max is not None):
            raise ValueError("min and max are for the types integer and float")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min, {self.min}, is greater than max, {self.max}")
        if self.allowed is not None:
            self._check_allowed(self.allowed)
        return self

    def _check_allowed(self, values: tuple[Any, ...]) -> None:
        if self.type not in LISTABLE:
            raise ValueError(f"values can be listed in allowed for the types {', '.join(LISTABLE)}")
        for value in values:
            if type(value) is not LISTABLE[self.type]:
                hint = "; put it in quotes" if self.type == "text" else ""
                raise ValueError(f"{value!r} in allowed is no {self.type}{hint}")


class TableRules(Options):
    """A data contract: the columns a table has, and what each of them must fulfil."""

    strict: bool = Field(description="whether there may be no other columns than those listed")
    columns: dict[Name, ColumnRules] = Field(min_length=1)


def kind_of(type_: pa.DataType) -> str:
    """Tell the kind of an Arrow type, without its width, unit and encoding.

    A decimal number is a float. A column without a single value may have the kind `null`; a type
    that a contract has no word for is called what Arrow calls it.
    """
    plain: Any = type_
    while isinstance(plain, pa.BaseExtensionType) or pa.types.is_dictionary(plain):
        plain = plain.value_type if pa.types.is_dictionary(plain) else plain.storage_type
    tests: dict[Kind, Any] = {
        "boolean": pa.types.is_boolean,
        "integer": pa.types.is_integer,
        "float": lambda kind: pa.types.is_floating(kind) or pa.types.is_decimal(kind),
        "text": lambda kind: pa.types.is_string(kind) or pa.types.is_large_string(kind),
        "bytes": lambda kind: pa.types.is_binary(kind) or pa.types.is_large_binary(kind),
        "date": pa.types.is_date,
        "time": pa.types.is_time,
        "duration": pa.types.is_duration,
        "timestamp": lambda kind: pa.types.is_timestamp(kind) and kind.tz is None,
        "timestamp with time zone": pa.types.is_timestamp,
        "list": lambda kind: pa.types.is_list(kind) or pa.types.is_large_list(kind),
        "struct": pa.types.is_struct,
    }
    return next((kind for kind, fits in tests.items() if fits(plain)), str(plain))
