"""Make the example tables in `data/01_raw` from data sets that statsmodels ships.

Run in an environment with the extra `dev`: `python docs/example_data.py`.
"""

from pathlib import Path

import pandas as pd
from statsmodels.datasets import modechoice, randhie

RAW = Path(__file__).parents[1] / "data" / "01_raw"
VISITS = "mdvis"
MODES = {1: "air", 2: "train", 3: "bus", 4: "car"}


def doctor_visits() -> pd.DataFrame:
    """Read the RAND Health Insurance Experiment, and add what the example needs."""
    table = randhie.load_pandas().data
    covariates = [name for name in table.columns if name != VISITS]
    table = table.rename(columns={VISITS: "visits"})
    table.insert(0, "any_visit", table["visits"] > 0)
    table["physical_limitation"] = table["physlm"] > 0.5  # noqa: PLR2004
    # no person id was published, but a person's covariates stay the same over the years
    table["profile"] = table.groupby(covariates, sort=True).ngroup().astype("int32")
    return table


def mode_choice() -> pd.DataFrame:
    """Read the travel mode choice data: four modes for each traveller, one of them chosen."""
    read = modechoice.load_pandas().data
    table = read.drop(columns="mode").astype("int32")
    table = table.rename(
        columns={
            "individual": "traveller",
            "choice": "chosen",
            "ttme": "terminal_wait",
            "invc": "cost",
            "invt": "travel_time",
            "gc": "generalised_cost",
            "hinc": "income",
            "psize": "party_size",
        }
    )
    table.insert(2, "mode", read["mode"].map(MODES).astype("str"))
    return table


def main() -> None:
    """Write both as Parquet."""
    for make in (doctor_visits, mode_choice):
        table = make()
        file = RAW / f"{make.__name__}.parquet"
        table.to_parquet(file, index=False, compression="zstd")
        print(f"{file.name}: {len(table):,} rows, {len(table.columns)} columns")  # noqa: T201


if __name__ == "__main__":
    main()
