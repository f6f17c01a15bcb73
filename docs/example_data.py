"""Make `data/01_raw/doctor_visits.parquet` from the RAND Health Insurance Experiment.

Run in an environment with the extra `dev`: `python docs/example_data.py`.
"""

from pathlib import Path

from statsmodels.datasets import randhie

TARGET = "mdvis"


def main() -> None:
    """Read the table out of statsmodels, add what the example needs, write it as Parquet."""
    table = randhie.load_pandas().data
    covariates = [name for name in table.columns if name != TARGET]
    table = table.rename(columns={TARGET: "visits"})
    table.insert(0, "any_visit", table["visits"] > 0)
    table["physical_limitation"] = table["physlm"] > 0.5  # noqa: PLR2004
    # no person id was published, but a person's covariates stay the same over the years
    table["profile"] = table.groupby(covariates, sort=True).ngroup().astype("int32")
    file = Path(__file__).parents[1] / "data" / "01_raw" / "doctor_visits.parquet"
    table.to_parquet(file, index=False, compression="zstd")
    print(f"{file.name}: {len(table):,} rows, {table['profile'].nunique():,} profiles")  # noqa: T201


if __name__ == "__main__":
    main()
