"""What `kedro new --starter=experiment-cycle` makes a project from."""

from __future__ import annotations

from pathlib import Path

from kedro.framework.cli.starters import KedroStarterSpec

_PACKAGE = Path(__file__).parent
# the package brings the template along, unless it is imported from a checkout
_INSTALLED = _PACKAGE / "_bundle" / "starter"
_TEMPLATE = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parents[1] / "starter"

starters = [KedroStarterSpec("experiment-cycle", str(_TEMPLATE))]
