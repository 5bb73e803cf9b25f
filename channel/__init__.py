"""What happens to a picture between camera and verifier.

`transmit` sends a picture through platforms exactly as they would. For training there is
`channel.training`, which needs torch; nothing else here does.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
