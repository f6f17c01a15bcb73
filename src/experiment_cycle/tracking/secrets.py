"""Secrets, kept out of everything that is written or printed."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

HIDDEN = "***"
WORDS = {
    *("secret", "secrets", "token", "password", "passwd", "passphrase", "credential"),
    *("credentials", "authorization", "apikey", "pgpassword"),
}
"""Parts of a name whose values are secrets."""
KEYS = {
    *("access", "account", "api", "client", "encryption", "fernet", "openai", "private"),
    *("secret", "service", "shared", "signing", "ssh", "storage"),
}
"""What makes a secret of the part `key` that follows it."""
LAST = {"pass", "pwd", "pat"}
"""Parts that tell a secret at the end of a longer name: PWD alone is a folder."""
IN_THE_OPEN = {"url", "endpoint", "host", "region", "user", "username", "project", "workspace"}
"""Last parts of names under `credentials` whose values a message has to show."""
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
    def of(
        cls, credentials: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
    ) -> Secrets:
        """Take the values of credentials, and those of secret names elsewhere.

        Args:
            credentials: Blocks of credentials: all their values but addresses and user names.
            parameters: Nested parameters: values whose own name, or whose block's, is a secret's.
        """
        named = (
            value
            for name, value in os.environ.items()
            if is_secret_name(name) or name.upper().endswith("_KEY")
        )
        found = [*named, *_texts(credentials), *_named_texts(parameters or {})]
        return cls(found)

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


def scrub(error: BaseException, secrets: Secrets) -> None:
    """Hide secrets in what an error says, and in what led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.args = tuple(secrets.hide(a) if isinstance(a, str) else a for a in each.args)
        if isinstance(getattr(each, "message", None), str):
            each.message = secrets.hide(each.message)  # type: ignore[attr-defined]
        waiting += [each.__cause__, each.__context__]


def is_secret_name(name: str) -> bool:
    """Tell whether a value of this name is a secret."""
    parts = _parts(name)
    return (
        not WORDS.isdisjoint(parts)
        or any(part in KEYS and after == "key" for part, after in pairwise(parts))
        or (len(parts) > 1 and parts[-1] in LAST)
        or parts[-2:] == ["connection", "string"]
    )


def _parts(name: str) -> list[str]:
    """Split a name at signs, and where a small letter is followed by a capital one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return [part.lower() for part in re.split(r"[^A-Za-z0-9]+", spaced) if part]


def _texts(tree: Any, name: str = "") -> Iterator[str]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, str(key))
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from _texts(value, name)
    elif isinstance(tree, bool) or tree is None or not IN_THE_OPEN.isdisjoint(_parts(name)[-1:]):
        return
    else:
        yield str(tree)


def _named_texts(tree: Mapping[str, Any]) -> Iterator[str]:
    for key, value in tree.items():
        if is_secret_name(str(key)):
            yield from _texts(value)
        elif isinstance(value, Mapping):
            yield from _named_texts(value)
