"""The journal loses nothing, whatever ends the process that writes it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from experiment_cycle.tracking.entries import (
    Artifact,
    Begun,
    Ended,
    Entry,
    MetricPoint,
    Metrics,
    Parameters,
    Tags,
)
from experiment_cycle.tracking.journal import Journal, Receipt

TEXTS = st.dictionaries(st.text(max_size=5), st.text(max_size=9), max_size=3)
TIMES = st.integers(0, 2**45)
POINTS = st.builds(
    MetricPoint,
    name=st.text(max_size=9),
    value=st.floats(allow_nan=False, allow_infinity=False),
    step=st.integers(0, 10**6),
    milliseconds=TIMES,
)
ENTRIES = st.one_of(
    st.builds(Parameters, values=TEXTS),
    st.builds(Tags, values=TEXTS),
    st.builds(Metrics, points=st.tuples(POINTS, POINTS)),
    st.builds(Artifact, file=st.text(), path=st.text(), content=st.text()),
    st.builds(Begun, milliseconds=TIMES),
    st.builds(Ended, status=st.sampled_from(["finished", "failed", "killed"]), milliseconds=TIMES),
)


@given(written=st.lists(ENTRIES, min_size=1, max_size=6), cut=st.integers(1, 30), later=ENTRIES)
def test_what_is_whole_is_read_and_a_torn_line_is_written_over(
    written: list[Entry], cut: int, later: Entry
) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        for entry in written:
            journal.append(entry)
        journal.close()
        assert [entry for entry, _ in journal.entries()] == written
        whole = journal.entries_file.read_bytes()
        last = whole[:-1].rfind(b"\n") + 1
        # killed while the last line was written
        journal.entries_file.write_bytes(whole[: max(last + 1, len(whole) - cut)])
        assert [entry for entry, _ in journal.entries()] == written[:-1]
        again = Journal(Path(folder))
        again.append(later)
        again.close()
        assert [entry for entry, _ in again.entries()] == [*written[:-1], later]


@given(written=st.lists(ENTRIES, min_size=1, max_size=6), data=st.data())
def test_reading_goes_on_from_any_entry(written: list[Entry], data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        journal = Journal(Path(folder))
        for entry in written:
            journal.append(entry)
        journal.close()
        offsets = [0, *(offset for _, offset in journal.entries())]
        start = data.draw(st.integers(0, len(written)))
        rest = [entry for entry, _ in journal.entries(after=offsets[start])]
        assert rest == written[start:]
        journal.keep_receipt("local", Receipt(offset=offsets[start]))
        assert journal.has_all("local") == (start == len(written))


def test_a_tracker_that_took_nothing_has_an_empty_receipt(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "none")
    assert journal.receipt("wandb") == Receipt()
    assert list(journal.entries()) == []
    assert journal.has_all("wandb")
