"""The verifier as a service over HTTP; needs the extra ``serve``.

>>> from verifier import Verifier
>>> from verifier.service import Service, ServiceSettings, create_app
>>> app = create_app(Service(Verifier.default(), ServiceSettings()))  # doctest: +SKIP
"""

from verifier.api_keys import Keys
from verifier.service.app import create_app
from verifier.service.service import Service
from verifier.service.settings import ServiceSettings

__all__ = ["Keys", "Service", "ServiceSettings", "create_app"]
