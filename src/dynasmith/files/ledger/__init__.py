"""The job ledger in a folder, ``.dynasmith/jobs``: one folder a job, readable by its owner only."""

from dynasmith.files.ledger.folder import FolderClaim, FolderLedger

__all__ = ["FolderClaim", "FolderLedger"]
