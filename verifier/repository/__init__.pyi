from .bundle import BundleRepository, export_bundle
from .client import HttpRepository
from .folder import FolderRepository
from .opening import open_repository
from .publication import Publication, publication_of
from .repository import MOST_MATCHES, MOST_STORE_BYTES, Repository

__all__ = [
    "MOST_MATCHES",
    "MOST_STORE_BYTES",
    "BundleRepository",
    "FolderRepository",
    "HttpRepository",
    "Publication",
    "Repository",
    "export_bundle",
    "open_repository",
    "publication_of",
]
