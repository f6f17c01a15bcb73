"""The hyperparameters of every estimator, as they are written in `parameters_training.yml`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from experiment_cycle.options import Options

EstimatorName = Literal[
    "dummy",
    "linear",
    "sgd",
    "mlp",
    "random_forest",
    "hist_gradient_boosting",
    "lightgbm",
    "xgboost",
    "skorch",
    "custom",
]


Units = Annotated[int, Field(ge=1)]


class DummyHyperparameters(Options):
    """The dummy predicts the training rows' class shares, or their mean; it has none."""


class LinearHyperparameters(Options):
    """Logistic regression, or ridge regression with `alpha` 1 / C."""

    C: float = Field(default=1.0, gt=0.0, description="inverse of the regularisation's strength")
    max_iter: int = Field(default=1000, ge=1)


class SGDHyperparameters(Options):
    """A linear model, learned by stochastic gradient descent in epochs."""

    epochs: int = Field(default=100, ge=1, description="most epochs")
    batch_size: int = Field(default=256, ge=1, description="rows a step")
    alpha: float = Field(default=0.0001, ge=0.0, description="strength of the regularisation")
    penalty: Literal["l2", "l1", "elasticnet"] = "l2"
    l1_ratio: float = Field(default=0.15, ge=0.0, le=1.0, description="elasticnet: share of l1")
    learning_rate: Literal["optimal", "constant", "invscaling"] = "invscaling"
    eta0: float = Field(default=0.01, gt=0.0, description="first learning rate")
    power_t: float = Field(default=0.25, ge=0.0, description="invscaling: eta0 / t ** power_t")


class MLPHyperparameters(Options):
    """A neural network of scikit-learn's, learned with Adam in epochs."""

    epochs: int = Field(default=100, ge=1, description="most epochs")
    batch_size: int = Field(default=256, ge=1)
    hidden_layers: tuple[Units, ...] = Field(
        default=(64, 32), min_length=1, description="units of each layer"
    )
    activation: Literal["relu", "tanh", "logistic"] = "relu"
    alpha: float = Field(default=0.0001, ge=0.0, description="strength of the regularisation")
    learning_rate: float = Field(default=0.001, gt=0.0, le=1.0)


class RandomForestHyperparameters(Options):
    """A random forest."""

    n_estimators: int = Field(default=300, ge=1)
    max_depth: int | None = Field(default=None, ge=1)
    min_samples_leaf: int | None = Field(
        default=None, ge=1, description="fewest rows of a leaf; null: 5 for classes, else 1"
    )
    max_features: float = Field(default=0.5, gt=0.0, le=1.0, description="share tried at a split")


class HistGradientBoostingHyperparameters(Options):
    """Gradient boosting of scikit-learn's."""

    n_estimators: int = Field(default=500, ge=1, description="most boosting rounds")
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    max_leaf_nodes: int = Field(default=31, ge=2, description="most leaves of a tree")
    max_depth: int | None = Field(default=None, ge=1)
    min_samples_leaf: int = Field(default=20, ge=1, description="fewest rows of a leaf")
    l2_regularization: float = Field(default=0.0, ge=0.0, description="penalty of the leaves")
    max_features: float = Field(default=1.0, gt=0.0, le=1.0, description="share tried at a split")


class LightGBMHyperparameters(Options):
    """Gradient boosting with LightGBM; LambdaMART for ranking."""

    n_estimators: int = Field(default=500, ge=1, description="most boosting rounds")
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    num_leaves: int = Field(default=31, ge=2, le=131072, description="most leaves of a tree")
    min_child_samples: int = Field(default=20, ge=1, description="fewest rows of a leaf")
    subsample: float = Field(default=1.0, gt=0.0, le=1.0, description="rows drawn each round")
    colsample_bytree: float = Field(
        default=1.0, gt=0.0, le=1.0, description="columns drawn for each tree"
    )
    reg_alpha: float = Field(default=0.0, ge=0.0, description="l1 penalty of the leaves")
    reg_lambda: float = Field(default=0.0, ge=0.0, description="l2 penalty of the leaves")


class XGBoostHyperparameters(Options):
    """Gradient boosting with XGBoost; LambdaMART for ranking."""

    n_estimators: int = Field(default=500, ge=1, description="most boosting rounds")
    learning_rate: float = Field(default=0.05, gt=0.0, le=1.0)
    max_depth: int = Field(default=6, ge=1, le=64)
    min_child_weight: float = Field(
        default=1.0, ge=0.0, description="least sum of second derivatives in a leaf"
    )
    subsample: float = Field(default=1.0, gt=0.0, le=1.0, description="rows drawn each round")
    colsample_bytree: float = Field(
        default=1.0, gt=0.0, le=1.0, description="columns drawn for each tree"
    )
    reg_alpha: float = Field(default=0.0, ge=0.0, description="l1 penalty of the leaves")
    reg_lambda: float = Field(default=1.0, ge=0.0, description="l2 penalty of the leaves")


class SkorchHyperparameters(Options):
    """A neural network of PyTorch's, through skorch, learned with AdamW in epochs."""

    module: str | None = Field(
        default=None, description="dotted path of a torch.nn.Module; null: a tabular network"
    )
    module_parameters: dict[str, Any] = Field(
        default={}, description="what a module of your own takes besides `inputs` and `outputs`"
    )
    epochs: int = Field(default=100, ge=1, description="most epochs")
    batch_size: int = Field(default=256, ge=1)
    hidden_layers: tuple[Units, ...] = Field(
        default=(64, 32), min_length=1, description="units of each layer"
    )
    dropout: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="share of units left out of each batch"
    )
    learning_rate: float = Field(default=0.001, gt=0.0, le=1.0)
    weight_decay: float = Field(default=0.01, ge=0.0)
    device: Literal["cpu", "cuda", "mps"] = Field(
        default="cpu", description="same results in every run are promised for cpu only"
    )

    @model_validator(mode="after")
    def _parameters_are_of_a_module(self) -> Self:
        if self.module is None and self.module_parameters:
            raise ValueError(
                "module_parameters are of a module of your own, and module names none; the tabular "
                "network has hidden_layers and dropout"
            )
        reserved = {"inputs", "outputs"} & set(self.module_parameters)
        if reserved:
            raise ValueError(
                f"module_parameters names {', '.join(sorted(reserved))}, which the data decide"
            )
        return self


class CustomHyperparameters(Options):
    """Any class with the interface of scikit-learn's estimators."""

    path: str = Field(
        default="sklearn.ensemble.ExtraTreesClassifier", description="dotted path of the class"
    )
    parameters: dict[str, Any] = Field(default={}, description="what its constructor takes")
    epochs: int | None = Field(
        default=None, ge=1, description="most epochs; it is learned by partial_fit then"
    )
    batch_size: int = Field(default=256, ge=1, description="rows a call of partial_fit")
    trusted_types: tuple[str, ...] = Field(
        default=(), description="types of yours that its saved model holds"
    )


class EstimatorOptions(Options):
    """The hyperparameters of every estimator, so that one key switches between them."""

    dummy: DummyHyperparameters = DummyHyperparameters()
    linear: LinearHyperparameters = LinearHyperparameters()
    sgd: SGDHyperparameters = SGDHyperparameters()
    mlp: MLPHyperparameters = MLPHyperparameters()
    random_forest: RandomForestHyperparameters = RandomForestHyperparameters()
    hist_gradient_boosting: HistGradientBoostingHyperparameters = (
        HistGradientBoostingHyperparameters()
    )
    lightgbm: LightGBMHyperparameters = LightGBMHyperparameters()
    xgboost: XGBoostHyperparameters = XGBoostHyperparameters()
    skorch: SkorchHyperparameters = SkorchHyperparameters()
    custom: CustomHyperparameters = CustomHyperparameters()
