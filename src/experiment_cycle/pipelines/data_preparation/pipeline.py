"""Wiring of the pipeline data_preparation: yours to fill, empty where `raw_data` is a file."""

from kedro.pipeline import Pipeline


def create_pipeline(**_: object) -> Pipeline:
    """raw tables -> raw_data.

    Put here the nodes that join, filter and compute before anything is versioned or split, such as
    `Node(join_persons, ["visits", "persons"], "raw_data", name="join_persons")`. The tables they
    read get entries in the catalog, and `raw_data` the place of the result. A node that would learn
    from many rows (fill in a mean, scale, encode the target) does not belong here: it would see
    test rows too. docs/data-preparation.md of Experiment Cycle has an example.
    """
    # the tag makes the steps known to the record and to the report's row counts
    return Pipeline([], tags="data_preparation")
