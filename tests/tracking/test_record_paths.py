"""No two results are written to one place of the record."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import yaml

CONF = Path(__file__).parents[2] / "conf" / "base"


def test_every_artifact_has_a_place_of_its_own_in_the_record() -> None:
    entries = {
        name: entry
        for file in sorted(CONF.glob("catalog_*.yml"))
        for name, entry in yaml.safe_load(file.read_text()).items()
        if isinstance(entry, dict) and "artifact_path" in entry
    }
    places = Counter(
        f"{entry['artifact_path']}/{Path(entry['dataset']['filepath']).name}"
        for entry in entries.values()
    )

    assert len(entries) > 50
    assert [place for place, count in places.items() if count > 1] == []
