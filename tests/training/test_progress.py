from __future__ import annotations

import io

from rich.console import Console

from experiment_cycle.training.progress import progress_bar


def run_bar(**console):
    screen = io.StringIO()
    with progress_bar("search", 3, done=1, console=Console(file=screen, **console)) as advance:
        advance(None, None)
        advance(0.51234, 0.5)
    return screen.getvalue()


def test_a_terminal_shows_present_and_best_value_and_is_left_clean():
    shown = run_bar(force_terminal=True, width=100)
    assert "now 0.51234  best 0.50000" in shown
    assert "3/3" in shown
    assert shown.endswith("\x1b[2K")


def test_nothing_is_written_where_there_is_no_terminal():
    assert run_bar(force_terminal=False) == ""
