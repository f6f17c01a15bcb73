"""The base of every typed option and every typed record."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """What a user writes in YAML: frozen, and closed to keys it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Record(BaseModel):
    """What a stage hands to the next one, or to a file: frozen and closed."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def fingerprint(content: BaseModel | dict[str, Any]) -> str:
    """Hash options or a record: SHA-256 (hex) of their JSON with sorted keys.

    Raises:
        ValueError: a number is not finite, so that JSON has no word for it.
    """
    plain = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
