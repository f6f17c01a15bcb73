"""Refuse a name that could not be imported, or would hide a package that the project needs."""

import re
import sys
from importlib.util import find_spec

PACKAGE = "{{ cookiecutter.python_package }}"
NEXT_STEP = 'Next step: give another name, such as --name="Churn".'

if sys.version_info < (3, 11):  # noqa: UP036 - kedro itself may run on an older one
    sys.exit(
        f"Experiment Cycle needs Python 3.11 or newer, and this is {sys.version.split()[0]}. "
        "Next step: run kedro new in an environment of a newer Python."
    )
if not re.fullmatch(r"[a-z]([a-z0-9_]*[a-z0-9])?", PACKAGE):
    sys.exit(
        f"The package of the project would be named '{PACKAGE}', which cannot be imported or "
        "installed: a name begins with a letter from a to z, has letters, digits and underscores "
        f"only, and ends with a letter or a digit. {NEXT_STEP}"
    )
if PACKAGE == "experiment_cycle" or find_spec(PACKAGE):
    sys.exit(
        f"The package of the project would be named '{PACKAGE}', which is the name of a package "
        f"installed here: the project would hide it. {NEXT_STEP}"
    )
