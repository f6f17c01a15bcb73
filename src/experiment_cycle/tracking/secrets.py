"""Secrets, kept out of everything that is written or printed."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

HIDDEN = "***"
SECRET_NAME = re.compile(
    r"(^|[_\-.])(api[_-]?key|access[_-]?key|account[_-]?key|secret|token|password|passwd|credentials?)"
    r"($|[_\-.])|[_\-.]pwd$",
    re.IGNORECASE,
)
"""Names of parameters and environment variables whose values are secrets."""
SHORTEST = 6
"""A shorter value would hide parts of ordinary words."""


class Secrets:
    """Values that must not be seen, and how to hide them in a text."""

    def __init__(self, values: Iterable[str]) -> None:
        """Hide `values`; those shorter than six characters are not hidden, they are everywhere."""
        # the longest first, for one may be part of another
        found = sorted({v for v in values if len(v) >= SHORTEST}, key=lambda v: (-len(v), v))
        self._pattern = re.compile("|".join(map(re.escape, found))) if found else None

    @classmethod
    def of(cls, *trees: Mapping[str, Any]) -> Secrets:
        """Take every text in blocks of credentials, and the secrets of the environment."""
        named = (value for name, value in os.environ.items() if is_secret_name(name))
        return cls([*named, *(text for tree in trees for text in _texts(tree))])

    def hide(self, text: str) -> str:
        """Put stars in the place of every secret in a text, and of a password in an address."""
        plain = re.sub(r"(\w+://[^/\s:@]*:)[^@/\s]+@", rf"\1{HIDDEN}@", text)
        return plain if self._pattern is None else self._pattern.sub(HIDDEN, plain)

    def hide_in(self, tree: Any, name: str = "") -> Any:
        """Hide secrets in nested dicts and lists, and whatever has the name of one."""
        if isinstance(tree, Mapping):
            return {key: self.hide_in(value, str(key)) for key, value in tree.items()}
        if isinstance(tree, list | tuple):
            return [self.hide_in(value, name) for value in tree]
        if tree is not None and not isinstance(tree, bool) and is_secret_name(name):
            return HIDDEN
        return self.hide(tree) if isinstance(tree, str) else tree


class SecretsFilter(logging.Filter):
    """Hides secrets in what is logged."""

    def __init__(self, secrets: Secrets) -> None:
        """Hide `secrets`."""
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without its secrets."""
        text = record.getMessage()
        plain = self._secrets.hide(text)
        if plain != text:
            record.msg, record.args = plain, None
        return True


def hide_in_logs(secrets: Secrets) -> None:
    """Keep secrets out of what every handler writes that there is now."""
    for handler in logging.getLogger().handlers:
        handler.filters = [each for each in handler.filters if not isinstance(each, SecretsFilter)]
        handler.addFilter(SecretsFilter(secrets))


def is_secret_name(name: str) -> bool:
    """Tell whether a value of this name is a secret."""
    return SECRET_NAME.search(name) is not None


def _texts(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        for value in tree.values():
            yield from _texts(value)
    elif isinstance(tree, str):
        yield tree
