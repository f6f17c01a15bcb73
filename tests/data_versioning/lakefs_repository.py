"""What a lakeFS repository does, in memory: branches with staged entries, commits, merges, tags."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import lakefs_sdk

BRANCH_NAME = re.compile(r"\w[-\w]*")
BAD_TAG_NAME = re.compile(r"^$|^@$|\.$|\.lock$|\.\.|/|@\{|[\^:?*\[\\]|[\x00-\x20]")


class Refused(Exception):
    """What is answered instead of a result."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True)
class Entry:
    """An object at a path."""

    address: str = field(compare=False)
    """Where its bytes lie; lakeFS does not count it when it compares two entries."""
    size: int
    checksum: str
    content_type: str
    metadata: dict[str, str]
    mtime: int = field(compare=False, default_factory=lambda: int(time.time()))

    def stats(self, path: str, address: str) -> lakefs_sdk.ObjectStats:
        return lakefs_sdk.ObjectStats(
            path=path,
            path_type="object",
            physical_address=address,
            checksum=self.checksum,
            size_bytes=self.size,
            mtime=self.mtime,
            metadata=self.metadata,
            content_type=self.content_type,
        )


Tree = dict[str, Entry]


@dataclass
class Branch:
    head: str
    hidden: bool = False
    staged: dict[str, Entry | None] = field(default_factory=dict)


class Repository:
    """One repository; it starts with one empty commit, as lakeFS' do."""

    def __init__(self, name: str, default_branch: str, namespace: str) -> None:
        self.description = lakefs_sdk.Repository(
            id=name,
            creation_date=int(time.time()),
            default_branch=default_branch,
            storage_namespace=namespace,
        )
        self.commits: dict[str, lakefs_sdk.Commit] = {}
        self.trees: dict[str, Tree] = {}
        first = self._add([], {}, "Repository created", {})
        self.branches = {default_branch: Branch(first)}
        self.tags: dict[str, str] = {}

    def _add(
        self, parents: list[str], tree: Tree, message: str, metadata: dict[str, str] | None
    ) -> str:
        seed = f"{self.description.id} {len(self.commits)} {message}"
        commit = hashlib.sha256(seed.encode()).hexdigest()
        self.trees[commit] = dict(tree)
        self.commits[commit] = lakefs_sdk.Commit(
            id=commit,
            parents=parents,
            committer="somebody",
            message=message,
            creation_date=int(time.time()),
            meta_range_id=hashlib.sha256(commit.encode()).hexdigest(),
            metadata=metadata or {},
            generation=1 + max((self.commits[each].generation for each in parents), default=0),
        )
        return commit

    def branch(self, name: str) -> Branch:
        if name not in self.branches:
            raise Refused(404, "branch not found")
        return self.branches[name]

    def resolve(self, reference: str) -> str:
        """Find the commit that a branch, a tag, an id or the beginning of one names."""
        if reference in self.branches:
            return self.branches[reference].head
        if reference in self.tags:
            return self.tags[reference]
        found = [each for each in self.commits if each.startswith(reference)]
        if len(found) != 1 or len(reference) < 6:
            raise Refused(404, "reference not found")
        return found[0]

    def tree(self, reference: str) -> Tree:
        tree = dict(self.trees[self.resolve(reference)])
        if reference in self.branches:
            for path, entry in self.branches[reference].staged.items():
                if entry is None:
                    tree.pop(path, None)
                else:
                    tree[path] = entry
        return tree

    def entry(self, reference: str, path: str) -> Entry:
        entry = self.tree(reference).get(path)
        if entry is None:
            raise Refused(404, "path not found")
        return entry

    def create_branch(self, creation: lakefs_sdk.BranchCreation) -> str:
        if not BRANCH_NAME.fullmatch(creation.name):
            raise Refused(400, "branch id: invalid value")
        if creation.name in self.branches:
            raise Refused(409, "branch already exists: not unique")
        head = self.resolve(creation.source)
        self.branches[creation.name] = Branch(head, hidden=bool(creation.hidden))
        return head

    def commit(self, name: str, creation: lakefs_sdk.CommitCreation) -> lakefs_sdk.Commit:
        branch = self.branch(name)
        tree = self.tree(name)
        if tree == self.trees[branch.head] and not creation.allow_empty:
            raise Refused(400, "commit: no changes")
        branch.head = self._add([branch.head], tree, creation.message, creation.metadata)
        branch.staged = {}
        return self.commits[branch.head]

    def merge(self, source: str, name: str, merge: lakefs_sdk.Merge) -> str:
        target = self.branch(name)
        if target.staged:
            raise Refused(400, f"{name}: uncommitted changes (dirty branch)")
        head = self.resolve(source)
        tree = self._merged(self.trees[target.head], self.trees[head], head, target, merge)
        if tree == self.trees[target.head] and not merge.allow_empty:
            raise Refused(400, "merge: no changes")
        metadata = dict(merge.metadata or {})
        if merge.strategy:
            metadata[".lakefs.merge.strategy"] = merge.strategy
        parents = [target.head] if merge.squash_merge else [target.head, head]
        message = merge.message or f"Merge '{source}' into '{name}'"
        target.head = self._add(parents, tree, message, metadata)
        return target.head

    def _merged(
        self, into: Tree, source: Tree, head: str, target: Branch, merge: lakefs_sdk.Merge
    ) -> Tree:
        known = {each.id for each in self.log(target.head)}
        base = self.trees[next(each.id for each in self.log(head) if each.id in known)]
        tree = dict(into)
        for path in {*base, *source, *into}:
            before, theirs, ours = base.get(path), source.get(path), into.get(path)
            if theirs in (before, ours):
                continue
            if ours != before and merge.strategy != "source-wins":
                raise Refused(409, "merge: conflict found")
            if theirs is None:
                tree.pop(path, None)
            else:
                tree[path] = theirs
        return tree

    def log(self, reference: str) -> Iterator[lakefs_sdk.Commit]:
        """Walk from a commit to its ancestors, the latest generation first."""
        waiting, seen = {self.resolve(reference)}, set()
        while waiting:
            commit = max(
                (self.commits[each] for each in waiting),
                key=lambda each: (each.generation, each.creation_date, each.id),
            )
            waiting.remove(commit.id)
            seen.add(commit.id)
            waiting |= set(commit.parents) - seen
            yield commit

    def create_tag(self, creation: lakefs_sdk.TagCreation) -> lakefs_sdk.Ref:
        if BAD_TAG_NAME.search(creation.id):
            raise Refused(400, "argument tag: tag id: invalid value")
        if creation.id in self.tags:
            raise Refused(409, "tag already exists: not unique")
        self.tags[creation.id] = self.resolve(creation.ref)
        return self.tag(creation.id)

    def tag(self, name: str) -> lakefs_sdk.Ref:
        if name not in self.tags:
            raise Refused(404, "tag not found")
        return lakefs_sdk.Ref(id=name, commit_id=self.tags[name])
