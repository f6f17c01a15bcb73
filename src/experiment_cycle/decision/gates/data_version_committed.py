"""Gate: the data of this cycle are committed, unaltered, to the versioning backend."""

from __future__ import annotations

from experiment_cycle.data_versioning.records import DatasetVersion
from experiment_cycle.decision.gates.evidence import Evidence, Outcome
from experiment_cycle.splitting.records import SplitManifest

TITLE = "Data version committed"


def check(evidence: Evidence) -> Outcome:
    """See that the backend lists the version, and hash the data it keeps again.

    They must be the data that were split.
    """
    version = DatasetVersion.model_validate(evidence.dataset_version)
    manifest = SplitManifest.model_validate(evidence.split_manifest)
    if version.content_hash != manifest.content_hash:
        return Outcome(
            "failed",
            f"The split was made from data {manifest.content_hash[:12]}, but the committed version "
            f"{version.id[:12]} holds {version.content_hash[:12]}.",
        )
    listed = {entry.version.id: entry.version for entry in evidence.versions.log()}
    if version.id not in listed:
        return Outcome(
            "failed",
            f"{version.backend} does not list version {version.id[:12]} (kedro cycle data log). "
            "Next step: kedro run --pipelines=data_versioning",
        )
    if listed[version.id].content_hash != version.content_hash:
        return Outcome(
            "failed",
            f"{version.backend} lists version {version.id[:12]} with other content than was used.",
        )
    evidence.versions.verify(version)
    return Outcome(
        "passed", f"{version.backend} holds version {version.id[:12]}, and its bytes are unaltered."
    )
