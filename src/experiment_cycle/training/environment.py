"""Where a model was trained: machine, packages, code."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import tempfile
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

import psutil
from threadpoolctl import threadpool_info  # type: ignore[import-untyped]

from experiment_cycle.git import git
from experiment_cycle.training.gpu import gpu_names
from experiment_cycle.training.records import Environment

LOCK_FILE = "requirements.lock"
NO_DIRT = (
    ":(exclude,glob)**/*.dvc",
    ":(exclude,glob)**/*.versions.jsonl",
    ":(exclude).dvc",
    ":(exclude).dvcignore",
    ":(exclude)data/08_reporting/ledger.jsonl",
)
"""A run itself changes the pointers to data versions and the ledger; they are no change of code."""
LARGEST_NEW_FILE = 2**20
"""Bytes; a new file that git does not know yet is named in the diff beyond it, not written out."""
PLAIN = (
    "-c",
    "core.quotePath=false",
    "-c",
    "diff.noprefix=false",
    "-c",
    "diff.mnemonicPrefix=false",
)


@dataclass(frozen=True)
class CodeState:
    """The commit, whether the folder equals it, and the diff; `clean` is None outside git."""

    commit: str | None
    clean: bool | None
    diff: str


def code_state(project_folder: Path) -> CodeState:
    """Ask git for the state of the code below a folder.

    Args:
        project_folder: The folder; it may lie anywhere inside a repository, or outside of one.

    Returns:
        The commit, None before the first one; and the changes against it, staged or not, new files
        included, in a form that `git apply` takes. Files that git ignores do not count, nor do
        pointers to data versions and the ledger.
    """
    if git(project_folder, "rev-parse", "--is-inside-work-tree") is None:
        return CodeState(commit=None, clean=None, diff="")
    found = git(project_folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    commit = found.decode().strip() if found else None
    diff = _diff(project_folder, commit)
    if diff is None:
        return CodeState(commit, clean=False, diff="The diff could not be made.\n")
    return CodeState(commit, clean=not diff, diff=diff)


def describe_environment(project_folder: Path, code: CodeState) -> Environment:
    """Describe the machine, the libraries that compute, every installed distribution, the code.

    `lock_hash` (SHA-256, hex) is None without a `requirements.lock`, `diff_hash` without a diff.
    """
    lock = project_folder / LOCK_FILE
    return Environment(
        python=platform.python_version(),
        system=platform.platform(),
        processor=_processor(),
        cores=os.cpu_count() or 1,
        memory_mib=psutil.virtual_memory().total // 2**20,
        gpu=gpu_names(),
        blas=_thread_libraries(),
        packages=_packages(),
        lock_hash=hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else None,
        git_commit=code.commit,
        git_clean=code.clean,
        diff_hash=hashlib.sha256(code.diff.encode()).hexdigest() if code.diff else None,
    )


def diff_of_commits(project_folder: Path, one: str, other: str) -> str | None:
    """Write what differs below a folder between two commits; None if git does not have both."""
    changes = git(
        project_folder,
        *PLAIN,
        *("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--relative"),
        *(one, other, "--", ".", *NO_DIRT),
    )
    return None if changes is None else changes.decode("utf-8", "backslashreplace")


def _thread_libraries() -> tuple[str, ...]:
    """Describe the libraries of linear algebra and of threads that this process has loaded."""
    found = set()
    for library in threadpool_info():
        details = (library.get("threading_layer"), library.get("architecture"))
        named = ", ".join(str(detail) for detail in details if detail)
        version = f" {library['version']}" if library.get("version") else ""
        layer = f" ({named})" if named else ""
        threads = library["num_threads"]
        told = f"{threads} thread" + ("" if threads == 1 else "s")
        found.add(f"{library['internal_api']}{version}{layer}: {told}")
    return tuple(sorted(found))


def _packages() -> dict[str, str]:
    """Map each distribution's normalised name to its version; the first on the path counts."""
    found: dict[str, str] = {}
    for distribution in distributions():
        # each access parses the file again
        metadata = distribution.metadata
        name = metadata["Name"]
        if name:
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), metadata["Version"])
    return dict(sorted(found.items()))


def _processor() -> str:
    """Name the processor's model; Python itself knows it on some systems only."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        described = ""
    model = re.search(r"^model name\s*:\s*(.+)$", described, flags=re.MULTILINE)
    return model[1].strip() if model else platform.processor() or platform.machine()


def _diff(folder: Path, commit: str | None) -> str | None:
    """Write the changes below a folder as text; None if git cannot."""
    base = commit
    if base is None:
        # before the first commit everything is new: compare with the tree that has no file
        tree = git(folder, "hash-object", "-t", "tree", "--stdin", stdin=b"")
        base = tree.decode().strip() if tree else None
    listed = git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".", *NO_DIRT)
    if base is None or listed is None:
        return None
    new = [name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name]
    large = [name for name in new if _size(folder / name) > LARGEST_NEW_FILE]
    written = [name for name in new if name not in set(large)]
    with tempfile.TemporaryDirectory() as scratch:
        index = Path(scratch) / "index"
        if not _copy_index(folder, index, written):
            return None
        changes = git(
            folder,
            *PLAIN,
            *("diff", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--relative"),
            *(base, "--", ".", *NO_DIRT),
            index=index,
        )
    if changes is None:
        return None
    unwritten = "".join(f"new file, too large to be shown: {name!r}\n" for name in large)
    return unwritten + changes.decode("utf-8", "backslashreplace")


def _copy_index(folder: Path, copy: Path, new: list[str]) -> bool:
    """Copy git's index and note new files in the copy, so that they show in a diff."""
    path = git(folder, "rev-parse", "--git-path", "index")
    if path is None:
        return False
    index = folder / os.fsdecode(path.removesuffix(b"\n"))
    if index.is_file():
        copy.write_bytes(index.read_bytes())
    if not new:
        return True
    names = b"\0".join(name.encode("utf-8", "surrogateescape") for name in new)
    add = ("--literal-pathspecs", "add", "--intent-to-add")
    read = ("--pathspec-from-file=-", "--pathspec-file-nul")
    return git(folder, *add, *read, stdin=names, index=copy) is not None


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except OSError:
        return 0
