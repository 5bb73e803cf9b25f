"""What can be known of a picture that came back from a platform.

Examples
--------
>>> from verifier import Verifier
>>> report = Verifier.default().analyze("photo.jpg")  # doctest: +SKIP
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
