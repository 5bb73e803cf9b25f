"""Simulated camera firmware: RAW in, a developed and signed picture out.

Examples
--------
>>> from camera_sim import DEFAULT_PIPELINE, develop, open_engine, read_raw
>>> picture = develop(read_raw("shot.nef"), open_engine(DEFAULT_PIPELINE))  # doctest: +SKIP
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
