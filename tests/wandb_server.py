"""A W&B server for the tests: it speaks the protocol of runs and sweeps to the real package.

What it hands out and stops is decided by W&B's own algorithms, from the configuration it was sent.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

import yaml
from sweeps import RunState, SweepRun, next_run, stop_runs
from tests.json_server import JsonHandler

KEY = "local-0123456789abcdef0123456789abcdef01234567"
ENTITY = "somebody"


@dataclass
class Run:
    """What was sent of one run."""

    name: str
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    agent: str | None = None
    sweep: str | None = None
    exit_code: int | None = None
    display_name: str | None = None
    notes: str | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    def as_in_sweep(self, metric: str) -> SweepRun:
        states = {None: RunState.running, 0: RunState.finished}
        return SweepRun(
            name=self.name,
            config=self.config,
            state=states.get(self.exit_code, RunState.failed),
            summaryMetrics=self.summary,
            sampledHistory=[row for row in self.history if metric in row],
        )


@dataclass
class Sweep:
    """One sweep: its configuration, and the runs it was told to know of."""

    name: str
    configuration: dict[str, Any]
    prior_runs: list[str]


class WandbServer:
    """Runs on a free port of 127.0.0.1 until it is closed."""

    def __init__(self) -> None:
        self.sweeps: dict[str, Sweep] = {}
        self.runs: dict[str, Run] = {}
        self.agents: list[str] = []
        self.operations: list[str] = []
        self.stops: set[str] = set()
        """Runs to be stopped, besides those that W&B's Hyperband stops."""
        self.is_paused = False
        self.is_gone = False
        self.lock = threading.RLock()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.wandb = self  # type: ignore[attr-defined]
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def of_sweep(self) -> list[Run]:
        """List the runs that were handed out, in order."""
        return [run for run in self.runs.values() if run.sweep]

    def answer(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        """Answer a GraphQL operation by its name."""
        self.operations.append(operation)
        with self.lock:
            return getattr(self, f"_on_{operation}", _nothing)(variables)

    def _on_Viewer(self, _: dict[str, Any]) -> dict[str, Any]:
        teams = {"edges": [{"node": {"name": ENTITY}}]}
        viewer = {"id": "1", "flags": "{}", "entity": ENTITY, "username": ENTITY, "teams": teams}
        return {"viewer": viewer | {"email": "", "name": "", "admin": False}, "serverInfo": {}}

    def _on_ServerFeaturesQuery(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"serverInfo": {"features": []}}

    def _on_UpsertSweep(self, variables: dict[str, Any]) -> dict[str, Any]:
        name = f"sweep{len(self.sweeps) + 1}"
        filters = json.loads(variables.get("priorRunsFilters") or "{}")
        prior = [each["name"] for each in filters.get("$or", [])]
        configuration = yaml.safe_load(variables["config"])
        self.sweeps[name] = Sweep(name, configuration, prior)
        entity = {"id": "1", "name": variables.get("entityName") or ENTITY}
        project = {"id": "1", "name": variables["projectName"], "entity": entity}
        sweep = {"name": name, "project": project}
        return {"upsertSweep": {"sweep": sweep, "configValidationWarnings": []}}

    def _on_CreateAgent(self, variables: dict[str, Any]) -> dict[str, Any]:
        if variables["sweep"] not in self.sweeps:
            raise LookupError(f"Sweep {variables['sweep']} not found")
        self.agents.append(variables["sweep"])
        return {"createAgent": {"agent": {"id": str(len(self.agents) - 1)}}}

    def _on_Heartbeat(self, variables: dict[str, Any]) -> dict[str, Any]:
        agent, running = variables["id"], json.loads(variables["runState"])
        sweep = self.sweeps[self.agents[int(agent)]]
        commands = self._stop(sweep, running) if running else self._hand_out(sweep, agent)
        heartbeat = {"agent": {"id": agent}, "commands": json.dumps(commands)}
        return {"agentHeartbeat": heartbeat}

    def _hand_out(self, sweep: Sweep, agent: str) -> list[dict[str, Any]]:
        if self.is_paused:
            return []
        drawn = next_run(sweep.configuration, list(self._known(sweep).values()))
        if drawn is None:
            return [{"type": "exit"}]
        config = json.loads(json.dumps(drawn.config, default=lambda value: value.item()))
        run = Run(f"run{len(self.runs)}", config, agent=agent, sweep=sweep.name)
        self.runs[run.name] = run
        return [{"type": "run", "run_id": run.name, "args": config}]

    def _stop(self, sweep: Sweep, running: dict[str, bool]) -> list[dict[str, Any]]:
        if "early_terminate" in sweep.configuration:
            known = self._known(sweep)
            self.stops |= {run.name for run in stop_runs(sweep.configuration, [*known.values()])}
        return [{"type": "stop", "run_id": name} for name in running if name in self.stops]

    def _known(self, sweep: Sweep) -> dict[str, SweepRun]:
        metric = sweep.configuration["metric"]["name"]
        return {
            run.name: run.as_in_sweep(metric)
            for run in self.runs.values()
            if run.sweep == sweep.name or run.name in sweep.prior_runs
        }

    def _on_UpsertBucket(self, variables: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.setdefault(variables["name"], Run(variables["name"]))
        if run.sweep is None and variables.get("config"):
            sent = json.loads(variables["config"])
            run.config |= {name: held for name, held in sent.items() if not name.startswith("_")}
        run.display_name = variables.get("displayName") or run.display_name
        run.notes = variables.get("notes") or run.notes
        project = {"id": "1", "name": variables["project"]}
        bucket = {
            **{"id": run.name, "name": run.name, "displayName": variables.get("displayName")},
            **{"description": "", "config": json.dumps(run.config)},
            **{"historyLineCount": len(run.history), "summaryMetrics": json.dumps(run.summary)},
            **{
                "sweepName": run.sweep,
                "project": project | {"entity": {"id": "1", "name": ENTITY}},
            },
        }
        return {"upsertBucket": {"bucket": bucket, "inserted": True}}

    def _on_CreateRunFiles(self, variables: dict[str, Any]) -> dict[str, Any]:
        files = [
            {"name": name, "uploadUrl": f"{self.url}/up/{variables['run']}/{quote(name)}"}
            for name in variables["files"]
        ]
        return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}

    def stream(self, name: str, sent: dict[str, Any]) -> None:
        """Take in a part of a run's history."""
        with self.lock:
            run = self.runs.setdefault(name, Run(name))
            files = sent.get("files") or {}
            lines = files.get("wandb-history.jsonl", {"offset": len(run.history), "content": []})
            run.history[lines["offset"] :] = [json.loads(line) for line in lines["content"]]
            for line in files.get("wandb-summary.json", {"content": []})["content"]:
                run.summary = json.loads(line)
            if sent.get("complete"):
                run.exit_code = sent["exitcode"]


class Handler(JsonHandler):
    """Answers GraphQL, the stream of a run's history, and uploads."""

    def do_POST(self) -> None:
        body, wandb = self.body(), self.server.wandb
        expected = base64.b64encode(f"api:{KEY}".encode()).decode()
        if wandb.is_gone:
            self.close_connection = True
        elif self.headers.get("Authorization") != f"Basic {expected}":
            self.answer({"errors": [{"message": "user is not logged in"}]}, 401)
        elif self.path.endswith("/graphql"):
            asked = json.loads(body)
            found = re.search(r"(?:query|mutation)\s+(\w+)", asked["query"])
            assert found
            try:
                answered = wandb.answer(found[1], asked.get("variables") or {})
            except LookupError as error:
                self.answer({"errors": [{"message": str(error)}]}, 404)
            else:
                self.answer({"data": answered})
        elif self.path.endswith("/file_stream"):
            wandb.stream(self.path.split("/")[-2], json.loads(body))
            self.answer({})
        else:
            self.answer({})

    def do_PUT(self) -> None:
        run, _, name = unquote(self.path.removeprefix("/up/")).partition("/")
        body, wandb = self.body(), self.server.wandb
        with wandb.lock:
            wandb.runs.setdefault(run, Run(run)).files[name] = body
        self.answer({})

    def do_GET(self) -> None:
        self.answer({})


def _nothing(_: dict[str, Any]) -> dict[str, Any]:
    return {}
