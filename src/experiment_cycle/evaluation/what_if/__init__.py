"""What would be predicted if a row were different: curves, counterfactuals, the What-If Tool."""
