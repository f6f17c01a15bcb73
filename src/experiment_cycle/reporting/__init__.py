"""Rendering only: HTML, Markdown, terminal."""
