"""Reads what W&B's package keeps offline: a log of records in blocks of 32 KiB."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2

BLOCK, HEADER = 32768, 7


def _chunks(content: bytes) -> Iterator[bytes]:
    assert content[:4] == b":W&B"
    offset, begun = HEADER, b""
    while offset + HEADER <= len(content):
        left = BLOCK - offset % BLOCK
        if left < HEADER:
            offset += left
            continue
        _, length, kind = struct.unpack("<IHB", content[offset : offset + HEADER])
        if kind == 0 and length == 0:
            offset += left
            continue
        data = content[offset + HEADER : offset + HEADER + length]
        offset += HEADER + length
        if kind == 1:
            yield data
        elif kind == 2:
            begun = data
        else:
            begun += data
            if kind == 4:
                yield begun


def _items(updates: Any) -> dict[str, Any]:
    return {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in updates}


def read_offline_runs(folder: Path) -> dict[str, Any]:
    """Put all offline runs of a folder together, as a server would that got them one by one."""
    found: dict[str, Any] = {"config": {}, "history": [], "summary": {}, "files": {}}
    for run in sorted(folder.glob("offline-run-*"), key=lambda path: path.stat().st_mtime):
        (log,) = run.glob("*.wandb")
        for chunk in _chunks(log.read_bytes()):
            record = wandb_internal_pb2.Record()
            record.ParseFromString(chunk)
            kind = record.WhichOneof("record_type")
            if kind == "run":
                found |= {"name": record.run.display_name, "notes": record.run.notes}
                found["config"] |= _items(record.run.config.update)
            elif kind == "config":
                found["config"] |= _items(record.config.update)
            elif kind == "history":
                found["history"].append(_items(record.history.item))
            elif kind == "summary":
                found["summary"] |= _items(record.summary.update)
            elif kind == "exit":
                found["exit_code"] = record.exit.exit_code
        found["files"] |= {
            path.relative_to(run / "files").as_posix(): path.read_bytes()
            for path in (run / "files").rglob("*")
            if path.is_file()
        }
    return found
