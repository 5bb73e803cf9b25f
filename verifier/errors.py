"""What can go wrong in the verifier, as one tree.

::

    VerifierError
    ├── PhotoError                   a photo that can't be analysed
    │   ├── PhotoNotFoundError       no such file, a folder, or one that may not be read
    │   ├── PhotoUnreadableError     empty, damaged, or no picture
    │   ├── PhotoUnsupportedError    a picture, but animated or of a kind that isn't taken
    │   ├── PhotoTooLargeError       more bytes, pixels or memory than the limits allow
    │   └── PhotoTimeoutError        reading it took longer than the limits allow
    ├── SettingsError                an argument or option outside what is taken
    ├── RepositoryError              a repository that can't be opened, or gives no usable answer
    │   ├── ManifestNotFoundError    it holds no such manifest, or not any more
    │   └── ManifestRefusedError     a manifest store that isn't published
    │       └── ManifestConflictError    another one is published under its identifier
    ├── WeightsError                 a model that doesn't match its manifest
    ├── PicturesError                a folder of pictures that can't be trained or measured on
    ├── TrainingError                a training that can't start or resume
    ├── ScoresError                  scores that nothing can be fitted to or measured on
    ├── OutputError                  a result that can't be written, or would overwrite
    ├── DependencyError              an optional package is needed and isn't installed
    └── WorkerError                  the reading process can't be started: not the photo's fault

Every message says what was wrong, with the value, and what to do. A library's exceptions
(Pillow's, c2pa's, ONNX Runtime's) are wrapped where they enter: one that leaks is a bug.
"""


class VerifierError(Exception):
    """Root of everything that this package raises on purpose."""


class PhotoError(VerifierError):
    """A photo can't be analysed."""


class PhotoNotFoundError(PhotoError):
    """There is no such file, it is a folder, or it may not be read."""


class PhotoUnreadableError(PhotoError):
    """The file is empty, damaged, or no picture."""


class PhotoUnsupportedError(PhotoError):
    """The file is a picture, but animated or of a kind that isn't taken."""


class PhotoTooLargeError(PhotoError):
    """The photo has more bytes or pixels, or needs more memory, than the limits allow."""


class PhotoTimeoutError(PhotoError):
    """Reading the photo took longer than the limits allow."""


class SettingsError(VerifierError, ValueError):
    """An argument or option is outside what is taken."""


class RepositoryError(VerifierError):
    """A repository of manifests can't be opened, or gives no answer that can be used."""


class ManifestNotFoundError(RepositoryError):
    """The repository holds no such manifest, or it was deleted or expired."""


class ManifestRefusedError(RepositoryError):
    """A manifest store isn't published: it can't be read, isn't whole, or binds no picture."""


class ManifestConflictError(ManifestRefusedError):
    """Another manifest store is published under the same identifier."""


class WeightsError(VerifierError):
    """A model file doesn't match its manifest entry."""


class PicturesError(VerifierError):
    """A folder of pictures can't be trained or measured on."""


class TrainingError(VerifierError):
    """A training can't start or resume."""


class ScoresError(VerifierError):
    """Nothing can be fitted to these scores, or measured on them."""


class OutputError(VerifierError):
    """A result can't be written, or would overwrite something."""


class DependencyError(VerifierError):
    """An optional package is needed and isn't installed."""


class WorkerError(VerifierError):
    """The reading process can't be started or answers nonsense."""
