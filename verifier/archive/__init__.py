"""Archives: a row for each picture, by many workers, resumed where it was stopped.

Needs the extra ``archive``.
"""

from verifier.archive.analysis import ArchiveOptions
from verifier.archive.run import Archive, Summary, verify_archive

__all__ = ["Archive", "ArchiveOptions", "Summary", "verify_archive"]
