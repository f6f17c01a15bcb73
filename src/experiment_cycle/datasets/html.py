"""A Kedro dataset that keeps an HTML page, with a preview that Kedro-Viz can show."""

from __future__ import annotations

from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset
from kedro_datasets._typing import HTMLPreview

from experiment_cycle.replacing import replacing

UNSEEN = frozenset({"head", "script", "style", "svg", "figure", "nav", "template", "noscript"})
KEPT_ATTRIBUTES = frozenset({"colspan", "rowspan", "title"})
WITHOUT_END = frozenset({"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
UNWRAPPED = frozenset({"html", "body", "a", "img", "input", "link", "meta", "source"})
LOOKALIKES = str.maketrans({"_": "\u02cd", "*": "\u2217", "`": "\u02cb"})
"""Kedro-Viz reads HTML as Markdown too, so that signs between two of these would turn italic."""


class HTMLDataset(AbstractDataset[str, str]):
    """A page in one HTML file."""

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Keep a page at `filepath`.

        Args:
            filepath: Path of the file.
            metadata: Anything; Kedro's plugins read their part of it.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> str:
        """Read the page."""
        return self._filepath.read_text(encoding="utf-8")

    def save(self, data: str) -> None:
        """Write the page; the file appears at once and whole, in place of an older one."""
        with replacing(self._filepath) as unfinished:
            unfinished.write_text(data, encoding="utf-8", newline="\n")

    def preview(self) -> HTMLPreview:
        """Give the page's words and tables, without scripts, styles, drawings and links.

        Kedro-Viz shows a preview inside its own page after taking scripts and styles out of it, so
        that they would be sent for nothing: a report of 5 MB has 40 kB of words and tables.
        """
        return HTMLPreview(words_and_tables(self.load()))

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath.as_posix()}


def words_and_tables(page: str) -> str:
    """Reduce a page to its words and tables, on one line."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return " ".join("".join(reader.parts).split())


class _Reader(HTMLParser):
    """Collects what `words_and_tables` keeps."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self._unseen.append(tag)
        if self._unseen or tag in UNWRAPPED:
            return
        kept = (
            f' {name}="{escape(_harmless(value or ""))}"'
            for name, value in attrs
            if name in KEPT_ATTRIBUTES
        )
        self.parts.append(f"<{tag}{''.join(kept)}>")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag == self._unseen[-1]:
                self._unseen.pop()
        elif tag not in UNWRAPPED | WITHOUT_END:
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(escape(_harmless(data), quote=False))


def _harmless(text: str) -> str:
    # a Markdown link would be made after Kedro-Viz has taken out what could run
    return text.translate(LOOKALIKES).replace("](", "] (")
