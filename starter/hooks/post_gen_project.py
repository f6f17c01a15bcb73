"""Fill the new project with what is copied as it is: configuration, example, project side.

It comes from the folder above the template: from a checkout of Experiment Cycle, or from the
folder `_bundle` that its package brings along. Only the standard library, for the package need not
be installed where the template is taken from git.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

PROJECT_SIDE = ("pipelines", "settings.py", "pipeline_registry.py", "__main__.py")
VERSION = "@version@"


def find_bundle() -> Path:
    """Find the folder above the template.

    A relative path is relative to where `kedro new` was called, which a hook is not told: tried
    are the shell's folder and the one the project is made in.
    """
    template = Path(r"{{ cookiecutter._repo_dir }}")
    for start in (os.environ.get("PWD", "."), r"{{ cookiecutter._output_dir }}"):
        bundle = Path(start, template).resolve().parent
        if (bundle / "starter/cookiecutter.json").is_file() and (bundle / "conf/base").is_dir():
            return bundle
    sys.exit(
        f"The folder 'conf/base' of Experiment Cycle is not beside the template '{template}'. Next "
        "step: give the whole repository, as --starter=ADDRESS --directory=starter, with "
        "cookiecutter 2.2.3 or newer."
    )


def sources() -> dict[Path, str]:
    """Say which folders and files go into the project, and where.

    In a checkout `pyproject.toml` says what the package would bring along.
    """
    places = {entry.name: entry.name for entry in bundle.iterdir()}
    if checkout:
        described = tomllib.loads((bundle / "pyproject.toml").read_text(encoding="utf-8"))
        wheel = described["tool"]["hatch"]["build"]["targets"]["wheel"]
        brought = {**wheel["sources"], **wheel["force-include"]}
        places = {name: to.partition("/_bundle/")[2] for name, to in brought.items()}
    copied = {bundle / name: to for name, to in places.items() if to not in {"", "starter"}}
    return copied | {library / name: f"{CODE}/{name}" for name in PROJECT_SIDE}


def files_below(source: Path) -> list[Path]:
    """List the files of a folder, in a clone without those that git ignores; or the one file."""
    if source.is_file():
        return [source]
    if not (bundle / ".git").exists():
        return [file for file in source.rglob("*") if is_ours(file)]
    listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", str(source)]
    try:
        done = subprocess.run(  # noqa: S603
            ["git", *listed],  # noqa: S607
            cwd=bundle,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        told = getattr(error, "stderr", None) or error
        sys.exit(f"git cannot tell which files of '{bundle}' it ignores: {told}")
    found = {bundle / name for name in done.stdout.split("\0") if name}
    return [file for file in found if file.is_file()]


def is_ours(file: Path) -> bool:
    """Tell a file from what Python compiled."""
    return file.is_file() and "__pycache__" not in file.parts


def is_of_a_run(place: str) -> bool:
    """Tell what belongs to the project it lies in: its records, its results, its secrets."""
    filled = re.match(r"conf/local/|data/(?!01_raw/)[^/]+/", place)
    return bool(filled) and not place.endswith("/.gitkeep")


CODE = "src/{{ cookiecutter.python_package }}"
bundle = find_bundle()
checkout = (bundle / "pyproject.toml").is_file()
library = bundle / "src/experiment_cycle" if checkout else bundle.parent
for source, place in sources().items():
    for file in files_below(source):
        target = Path(place, file.relative_to(source))
        if not is_of_a_run(target.as_posix()):
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)

version = re.search(r'__version__ = "(.+)"', (library / "__init__.py").read_text())[1]
for name in ("pyproject.toml", "README.md"):
    described = Path(name).read_text(encoding="utf-8")
    Path(name).write_text(described.replace(VERSION, version), encoding="utf-8")
