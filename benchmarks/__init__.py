"""Speed, memory and error rates, as ratios measured side by side in one run."""
