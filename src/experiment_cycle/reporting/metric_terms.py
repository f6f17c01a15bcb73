"""What each metric and each gap between groups means, in a sentence."""

from __future__ import annotations

import re

from experiment_cycle.metrics.catalogue import class_of, is_metric, metric
from experiment_cycle.metrics.custom import is_custom

METRICS = {
    "accuracy": "Share of the rows that are called correctly.",
    "balanced_accuracy": "Mean over the classes of the share of their rows that are called "
    "correctly, so that a rare class counts as much as a frequent one.",
    "precision": "Share of the rows called positive that are positive.",
    "recall": "Share of the positive rows that are called positive.",
    "f1": "Harmonic mean of precision and recall.",
    "precision_macro": "Of the rows called a class, the share that is of it; mean over the "
    "classes.",
    "recall_macro": "Of the rows of a class, the share that is called it; mean over the classes.",
    "f1_macro": "Harmonic mean of precision and recall of each class; mean over the classes.",
    "precision_weighted": "Of the rows called a class, the share that is of it; mean over the "
    "classes, each weighted by its rows.",
    "recall_weighted": "Of the rows of a class, the share that is called it; mean over the "
    "classes, each weighted by its rows: the same as accuracy.",
    "f1_weighted": "Harmonic mean of precision and recall of each class; mean over the classes, "
    "each weighted by its rows.",
    "mcc": "Correlation of what the rows are and what they are called, all classes at once; 0 is "
    "guessing, 1 is perfect, below 0 is worse than guessing.",
    "roc_auc": "Chance that a random positive row is scored above a random negative one; 0.5 is "
    "guessing, 1 is perfect.",
    "roc_auc_ovr": "Chance that a random row of a class gets a greater probability of it than a "
    "random row of the others; mean over the classes; 0.5 is guessing, 1 is perfect.",
    "average_precision": "Area under the precision-recall curve; the share of positive rows is "
    "guessing, 1 is perfect.",
    "average_precision_ovr": "Area under the precision-recall curve of each class against the "
    "others; mean over the classes; the share of a class's rows is guessing, 1 is perfect.",
    "log_loss": "Mean surprise, in nats, at what really happened; 0 is perfect, less is better.",
    "brier": "Mean squared distance of the probabilities from what really happened, with several "
    "classes summed over them; 0 is perfect, less is better.",
    "ece": "Mean distance, over 15 bins of equal width, of the probabilities from the share that "
    "came true; less is better. It is above 0 even for perfect probabilities, the more so the "
    "fewer rows there are, so that only models on the same rows can be compared by it.",
    "rmse": "Square root of the mean squared error, in units of the target; great errors count "
    "most; less is better.",
    "mae": "Mean distance of the prediction from the truth, in units of the target; less is "
    "better.",
    "median_absolute_error": "Half of the predictions are nearer to the truth than this, in units "
    "of the target; a few great errors do not change it; less is better.",
    "mape": "Mean distance of the prediction from the truth as a share of the truth; not defined "
    "where a target is 0; less is better.",
    "mse": "Mean squared error, in squared units of the target; less is better.",
    "r2": "Share of the target's variance that is explained; 1 is perfect, 0 is no better than its "
    "mean, below 0 is worse than its mean.",
    "ndcg": "How much relevance stands early in the list, against the best possible order of the "
    "same query; gains are 2^relevance - 1, discounted by place; 1 is perfect.",
    "mrr": "One over the place of the first relevant row, mean over the queries; 1 if it always "
    "comes first.",
    "map": "Precision at the place of each relevant row, mean over these, then over the queries; 1 "
    "is perfect.",
    "selection_rate": "Share of the rows called positive.",
    "true_positive_rate": "Share of the positive rows that are called positive; the same as "
    "recall.",
    "false_positive_rate": "Share of the negative rows that are called positive.",
    "mean_error": "Mean of prediction minus truth, in units of the target: above 0 the model says "
    "too much, below 0 too little.",
}
AT = {
    "ndcg": "How much relevance stands in the first {k} places, against the best possible order of "
    "the same query; gains are 2^relevance - 1, discounted by place; 1 is perfect.",
    "map": "Precision at the place of each relevant row among the first {k}, over as many as could "
    "stand there; mean over the queries; 1 is perfect.",
    "precision": "Share of the first {k} places that hold a relevant row, mean over the queries.",
    "recall": "Share of a query's relevant rows that stand in the first {k} places, mean over the "
    "queries.",
}
"""Metrics of the first k places, for any k."""
OF_CLASS = {
    "precision": "Share of the rows called {level} that are.",
    "recall": "Share of the rows that are {level} that are called so.",
    "f1": "Harmonic mean of precision and recall of {level}.",
}
"""Metrics of one class."""
GAPS = {
    "demographic_parity_difference": "Greatest difference between the groups' selection rates; 0 "
    "is equal.",
    "demographic_parity_ratio": "Smallest selection rate over the greatest; 1 is equal.",
    "equalized_odds_difference": "Greatest difference between the groups' true positive rates, or "
    "false positive rates, whichever is worse; 0 is equal.",
    "equalized_odds_ratio": "The same two rates as a ratio, whichever is worse; 1 is equal.",
    "equal_opportunity_difference": "Greatest difference between the groups' true positive rates; "
    "0 is equal.",
    "equal_opportunity_ratio": "Smallest true positive rate over the greatest; 1 is equal.",
}
PLACES = re.compile(r"(\w+)_at_(\d+)")
SIDES = {
    "difference": "Greatest difference between the groups' {}; 0 is equal.",
    "ratio": "The smallest of the groups' {} over the greatest; 1 is equal.",
}


def label(name: str) -> str:
    """Name a metric, gap or setting for a reader."""
    measured, _, side = name.rpartition("_")
    if side in SIDES and is_metric(measured):
        return f"{metric(measured).label} {side}"
    if not is_metric(name):
        return name.replace("_", " ")
    # the last word of a path, such as "loss", would pass for one of the project's
    return f"{metric(name).label} (own)" if "." in name and is_custom(name) else metric(name).label


def good_direction(name: str) -> str:
    """Say which way is better for a metric."""
    return "more is better" if metric(name).greater_is_better else "less is better"


def explanation(name: str) -> str | None:
    """Say what a metric, a rate of a group or a gap between groups means; None of other names."""
    known = METRICS | GAPS
    if name in known:
        return known[name]
    places = PLACES.fullmatch(name)
    if places is not None and places[1] in AT:
        return AT[places[1]].format(k=places[2])
    level = class_of(name)
    if level is not None:
        return OF_CLASS[name.partition("_of_")[0]].format(level=level)
    if is_custom(name):
        return f"A metric of your own, not one of this project's: {name}."
    measured, _, side = name.rpartition("_")
    if side in SIDES and explanation(measured) is not None:
        return SIDES[side].format(label(measured))
    return None
