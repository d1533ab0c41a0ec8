"""What a database could not do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from ranvier.errors import RanvierError


class StorageError(RanvierError):
    """The database failed or refused; the message says what to do about it."""

    code: ClassVar[str] = "RANVIER-STORAGE"


class StorageFull(StorageError):
    """No room is left for writing; nothing of what was asked is stored, and reading goes on."""

    code: ClassVar[str] = "RANVIER-STORAGE-FULL"
    retry_may_help: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("The disk under the data directory is full: free some room, then go on.")


class StorageUnavailable(StorageError):
    """The database does not answer at the moment; nothing of what was asked is stored."""

    code: ClassVar[str] = "RANVIER-STORAGE-UNAVAILABLE"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot be used: {reason}.")
        self.reason = reason


class StorageNotOpen(StorageUnavailable):
    """The database has not been started, or has been stopped."""

    code: ClassVar[str] = "RANVIER-STORAGE-NOT-OPEN"

    def __init__(self) -> None:
        super().__init__("it is not open")


class DatabaseDamaged(StorageError):
    """The database file does not hold together."""

    code: ClassVar[str] = "RANVIER-DATABASE-DAMAGED"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The database is damaged ({reason}): stop the node, run `ranvier database check`, "
            "and restore a back-up."
        )
        self.reason = reason


class HeadWentBack(StorageError):
    """The database shows fewer events than it has shown before: it is not the one that we knew."""

    code: ClassVar[str] = "RANVIER-HEAD-WENT-BACK"

    def __init__(self, context: str, seen: int, found: int) -> None:
        super().__init__(
            f"Context {context} had reached token {seen} and now ends at {found}: an older copy of "
            "the database is in its place; stop the node and restore the right one."
        )
        self.context = context
        self.seen = seen
        self.found = found


class DataDirectoryInUse(StorageError):
    """Another process holds the data directory."""

    code: ClassVar[str] = "RANVIER-DATA-DIRECTORY-IN-USE"

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"The data directory {directory} is in use by {holder}: "
            "stop that node, or give this one a directory of its own."
        )
        self.directory = directory
        self.holder = holder


class DatabaseTooNew(StorageError):
    """The database was written by a newer version of Ranvier, and is left as it is."""

    code: ClassVar[str] = "RANVIER-DATABASE-TOO-NEW"

    def __init__(self, path: Path | str, found: int, known: int) -> None:
        super().__init__(
            f"The database {path} has version {found}, this program knows up to {known}: "
            "start the newer program again, or restore a back-up made before it."
        )
        self.path = path
        self.found = found
        self.known = known


class ForeignDatabase(StorageError):
    """What stands where the database should be is not a database of Ranvier."""

    code: ClassVar[str] = "RANVIER-FOREIGN-DATABASE"

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(
            f"The database {path} is {what}: give another one by the key `database`."
            if isinstance(path, str)
            else f"The file {path} is {what}: move it away, or choose another directory."
        )
        self.path = path


class UnsafeDatabase(StorageUnavailable):
    """The server would lose acknowledged events when its machine loses power."""

    code: ClassVar[str] = "RANVIER-DATABASE-UNSAFE"

    def __init__(self, switched_off: str) -> None:
        super().__init__(
            f"its server has {switched_off} off and would lose acknowledged events when its power "
            "fails; switch that on, or say unsafe_database: true for a trial"
        )


class DatabaseRightMissing(StorageError):
    """The role that the node signs in with may not do what a node does."""

    code: ClassVar[str] = "RANVIER-DATABASE-RIGHT"

    def __init__(self, refusal: str) -> None:
        super().__init__(
            f"The database refuses its role a right ({refusal}): make that role the owner of the "
            "database, or grant it CREATE on it, and on the schema ranvier and its tables all."
        )


class MigrationChanged(StorageError):
    """The database was made by a migration that reads differently in this program."""

    code: ClassVar[str] = "RANVIER-MIGRATION-CHANGED"

    def __init__(self, number: int, name: str) -> None:
        super().__init__(
            f"Migration {number} ({name}) differs from the one that made this database: "
            "install the release that made it, or a later one."
        )
        self.number = number
        self.name = name


class DatabaseNotUpToDate(StorageError):
    """An older program made the database, and this command leaves it as it is."""

    code: ClassVar[str] = "RANVIER-DATABASE-OLD"

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The database {path} was made by an older version: run `ranvier database migrate "
            f"--data {path.parent}` first."
        )


class CopyTargetTaken(StorageError):
    """A database that nothing can be copied into."""

    code: ClassVar[str] = "RANVIER-COPY-TARGET"

    def __init__(self, reason: str) -> None:
        super().__init__(f"Nothing is copied into this database: {reason}.")


class CopyDiffers(StorageError):
    """What was copied is not what is there."""

    code: ClassVar[str] = "RANVIER-COPY-DIFFERS"

    def __init__(self, table: str, copied: int, found: int) -> None:
        super().__init__(
            f"The copy of {table} differs ({copied} rows here, {found} there): somebody has "
            "changed one of the databases meanwhile; copy into an empty one."
        )


class OlderNodesRun(StorageError):
    """What they need cannot be taken away while nodes of another version run."""

    code: ClassVar[str] = "RANVIER-OLDER-NODES"
    retry_may_help: ClassVar[bool] = True

    def __init__(self, nodes: Sequence[str], version: str) -> None:
        super().__init__(
            f"Nodes of another version than {version} run: {', '.join(nodes)}; stop or replace "
            "them, then do it again."
        )


class ContextsLieHere(StorageError):
    """This kind of database keeps all contexts itself."""

    code: ClassVar[str] = "RANVIER-CONTEXT-DATABASE-HERE"

    def __init__(self) -> None:
        super().__init__(
            "Only a cluster on PostgreSQL places contexts in databases of their own: this node"
            " keeps all in its embedded one; leave `database` out."
        )


class ContextDatabaseRefused(StorageError):
    """The database that a context was to have is not fit for it; nothing was created."""

    code: ClassVar[str] = "RANVIER-CONTEXT-DATABASE"

    def __init__(self, context: str, reason: str) -> None:
        super().__init__(f"Context {context} cannot have this database: {reason}.")


class DatabaseTaken(StorageError):
    """A database is used for something else than what it is opened for."""

    code: ClassVar[str] = "RANVIER-DATABASE-TAKEN"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database {reason}: give another one.")
        self.reason = f"it {reason}"


class ContextDatabaseUnavailable(StorageUnavailable):
    """The own database of a context does not answer; the other contexts are served."""

    code: ClassVar[str] = "RANVIER-CONTEXT-DATABASE-UNAVAILABLE"

    def __init__(self, context: str, reason: str) -> None:
        super().__init__(f"the own one of context {context} does not serve it ({reason})")
        self.context = context
