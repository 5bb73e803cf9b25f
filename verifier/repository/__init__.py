"""Where signed manifests are kept, so that a stripped copy leads back to what a camera signed.

A repository holds manifest stores of C2PA (JUMBF), found by a soft binding: the value that a
watermark carries. It is a folder, a bundle in one file, or a service over HTTP.

>>> from verifier.repository import open_repository
>>> repository = open_repository("manifests")  # doctest: +SKIP
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
