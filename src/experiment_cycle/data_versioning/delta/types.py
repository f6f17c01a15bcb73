"""Which type of Delta keeps which type of Arrow, and the way there and back."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

MOST_DIGITS = 38
"""A decimal number in a Delta table has no more."""
EARLIEST_DAY = -719_162
LATEST_DAY = 2_932_896
"""The first day of the year 1 and the last of the year 9999, in days since 1970."""
SAME = {
    *(pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(), pa.float64()),
    *(pa.string(), pa.large_string(), pa.binary(), pa.large_binary(), pa.date32()),
}
WIDER = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
    pa.string_view(): pa.large_string(),
    pa.binary_view(): pa.large_binary(),
    pa.null(): pa.bool_(),
}


def kept_type(kind: pa.DataType) -> pa.DataType | None:
    """Find what Delta keeps a type as; None if there is nothing."""
    if isinstance(kind, pa.BaseExtensionType):
        return kept_type(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return kept_type(kind.value_type)
    rules = (
        (pa.types.is_nested, lambda: _kept_nested(kind)),
        (pa.types.is_decimal, lambda: _kept_decimal(kind)),
        (pa.types.is_timestamp, lambda: pa.timestamp("us", None if kind.tz is None else "UTC")),
        (pa.types.is_time, lambda: _whole_number(kind)),
        (pa.types.is_duration, lambda: _whole_number(kind)),
        (pa.types.is_fixed_size_binary, pa.binary),
    )
    plain = kind if kind in SAME else WIDER.get(kind)
    return next((rule() for applies, rule in rules if applies(kind)), plain)


def exact_type(kind: pa.DataType) -> pa.DataType | None:
    """Find what holds values that Delta's own type would round or refuse; None if it takes all."""
    if pa.types.is_timestamp(kind) and kind.unit != "us":
        return pa.int64()
    return pa.int32() if pa.types.is_date32(kind) else None


def fits(array: pa.Array) -> bool:
    """Tell whether Delta's own type holds these moments or days without rounding."""
    if pa.types.is_date32(array.type):
        days = array.cast(pa.int32())
        outside = pc.or_(pc.less(days, EARLIEST_DAY), pc.greater(days, LATEST_DAY))
        return not pc.any(outside).as_py()
    try:
        array.cast(pa.timestamp("us", array.type.tz))
    except pa.ArrowInvalid:
        return False
    return True


def kept(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Turn a column of the snapshot into one of the table."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), kind)
    return array.cast(kind)


def restored(array: pa.Array, kind: pa.DataType, levels: pa.Array | None) -> pa.Array:
    """Turn a column of the table into one of the snapshot, whose levels may be known."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.ExtensionArray.from_storage(kind, restored(array, kind.storage_type, None))
    if pa.types.is_null(kind):
        return pa.nulls(len(array))
    if levels is not None:
        codes = pc.index_in(array.cast(levels.type), levels).cast(kind.index_type)
        return pa.DictionaryArray.from_arrays(codes, levels, ordered=kind.ordered)
    return array.cast(kind)


def _kept_decimal(kind: pa.DataType) -> pa.DataType | None:
    plain = 0 <= kind.scale <= kind.precision <= MOST_DIGITS
    return pa.decimal128(kind.precision, kind.scale) if plain else None


def _whole_number(kind: pa.DataType) -> pa.DataType:
    return pa.int32() if kind.bit_width == 32 else pa.int64()  # noqa: PLR2004


def _kept_list(kind: pa.DataType) -> pa.DataType | None:
    items = _kept_inside(kind.value_type)
    return None if items is None else pa.list_(items)


def _kept_nested(kind: pa.DataType) -> pa.DataType | None:
    if pa.types.is_map(kind):
        key, item = _kept_inside(kind.key_type), _kept_inside(kind.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if pa.types.is_struct(kind):
        inner = [(each.name, _kept_inside(each.type)) for each in kind]
        return None if any(of is None for _, of in inner) else pa.struct(inner)
    lists = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return _kept_list(kind) if any(is_list(kind) for is_list in lists) else None


def _kept_inside(kind: pa.DataType) -> pa.DataType | None:
    """The same inside of lists and structs, where no value is tested and no level noted."""
    if isinstance(kind, pa.BaseExtensionType | pa.DictionaryType):
        return None
    return None if pa.types.is_null(kind) else exact_type(kind) or kept_type(kind)
