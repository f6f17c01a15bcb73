"""From raw columns to the numbers an estimator reads: fitted on train, inside the model."""
