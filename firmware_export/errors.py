"""What can go wrong between a trained network and a camera that runs it, as one tree.

::

    FirmwareError
    ├── ExportError          a network that cannot be exported or quantised
    ├── ParityError          a model that does not keep what the fp32 one does
    ├── BundleError          a bundle that cannot be built or is not what it says
    │   ├── ArchiveError         not a bundle's archive, or not in its one form
    │   └── SignatureError       not signed by whom it must be, or by someone revoked
    ├── RollbackError        a bundle older than what the device has run
    └── BootError            no firmware that the device may run
"""


class FirmwareError(Exception):
    """Root of everything that this package raises on purpose."""


class ExportError(FirmwareError):
    """A network cannot be exported or quantised."""


class ParityError(FirmwareError):
    """A model is too far from the fp32 one; the message says by how much, and where."""


class BundleError(FirmwareError):
    """A bundle cannot be built, or is not what its manifest says."""


class ArchiveError(BundleError):
    """The file is no bundle, or not in the one form that a bundle has."""


class SignatureError(BundleError):
    """A signature is missing, false, or by a key that may not sign."""


class RollbackError(FirmwareError):
    """A bundle is older than what the device has run."""


class BootError(FirmwareError):
    """There is no firmware that the device may run."""
