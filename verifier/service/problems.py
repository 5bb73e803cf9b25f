"""What the service answers when it can't answer, as one tree.

::

    VerifierError
    └── ServiceError                 has a status of HTTP
        ├── RequestError             400  a request that isn't formed as the documentation says
        ├── KeyMissingError          401  no key, or a wrong one
        ├── UrlsOffError             403  the operator fetches no URLs
        ├── PublishingOffError       403  no manifest is published over HTTP, or not by this key
        ├── NotSignedError           403  a binding that the manifest doesn't state
        ├── UnknownAnalysisError     404  no such analysis, not yours, or not kept any more
        ├── NotReadyError            409  the report of an analysis that isn't done
        ├── SlowUploadError          408  the photo didn't arrive in time
        ├── QueryTooLongError        414  a value that doesn't fit into a URL
        ├── RefusedUrlError          422  a URL that is not fetched: scheme, port, private address
        ├── FetchError               422  a URL that gave no photo
        ├── TooManyRequestsError     429  with Retry-After
        ├── MisdirectedError         421  a name of a host that the operator didn't allow
        ├── NoKeyKnownError          501  pictures aren't read here: there is no watermark key
        ├── BusyError                503  with Retry-After: the queue is full, or time ran out
        ├── StoreError               503  with Retry-After: the reports can't be read or deleted
        └── StoppingError            503  with Retry-After: the service is being stopped
"""

from http import HTTPStatus
from typing import ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field, computed_field, field_validator

from verifier.errors import (
    ManifestConflictError,
    ManifestNotFoundError,
    ManifestRefusedError,
    PhotoError,
    PhotoTooLargeError,
    PhotoUnsupportedError,
    RepositoryError,
    VerifierError,
)

INTERRUPTED: Final = "the service was stopped during this analysis; post the photo again"


class Problem(BaseModel):
    """Why there is no report: a sentence for people, and a kind for programs.

    Written it is a problem of RFC 9457, with ``kind`` and ``message`` as extensions.
    """

    model_config = ConfigDict(frozen=True)

    kind: str = Field(description="Name of the error, such as PhotoUnreadableError.")
    message: str = Field(description="What is wrong, and what to do, in a sentence.")
    status: int = Field(description="The status of HTTP that goes with it.")

    @field_validator("message")
    @classmethod
    def _writable(cls, message: str) -> str:
        """Write half a surrogate pair as what it is: no answer can have it in UTF-8."""
        return message.encode(errors="backslashreplace").decode()

    @computed_field(description="There is no page about it; `kind` says what it is.")
    def type(self) -> str:
        """Return that the problem has no URI of its own."""
        return "about:blank"

    @computed_field(description="What HTTP calls the status.")
    def title(self) -> str:
        """Return what HTTP calls the status."""
        return HTTPStatus(self.status).phrase

    @computed_field(description="The message.")
    def detail(self) -> str:
        """Return the message, by the name that RFC 9457 has for it."""
        return self.message


class ServiceError(VerifierError):
    """Root of what the service refuses.

    Parameters
    ----------
    message
        A sentence.
    retry_after
        Seconds after which asking again may help; None: it won't.
    """

    status: ClassVar[int] = 500

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RequestError(ServiceError):
    """The request isn't formed as the documentation says."""

    status = 400


class KeyMissingError(ServiceError):
    """There is no key, or a wrong one."""

    status = 401


class UrlsOffError(ServiceError):
    """The operator fetches no URLs."""

    status = 403


class PublishingOffError(ServiceError):
    """No manifest is published over HTTP, or not by who asks."""

    status = 403


class NotSignedError(ServiceError):
    """The manifest doesn't state this binding, and nothing else makes one."""

    status = 403


class UnknownAnalysisError(ServiceError):
    """There is no such analysis, it is someone else's, or it isn't kept any more."""

    status = 404


class NotReadyError(ServiceError):
    """The analysis isn't done."""

    status = 409


class SlowUploadError(ServiceError):
    """The photo didn't arrive in time."""

    status = 408


class QueryTooLongError(ServiceError):
    """The value doesn't fit into a URL; it can be posted."""

    status = 414


class RefusedUrlError(ServiceError):
    """The URL is none that is fetched."""

    status = 422


class FetchError(ServiceError):
    """The URL gave no photo."""

    status = 422


class TooManyRequestsError(ServiceError):
    """The client asked more often than the operator allows."""

    status = 429


class MisdirectedError(ServiceError):
    """The request names a host that the operator didn't allow."""

    status = 421


class StoreError(ServiceError):
    """The file of reports can't be used now: the disk is full, or another program has it."""

    status = 503


class NoKeyKnownError(ServiceError):
    """Pictures aren't read here: the operator gave no watermark key."""

    status = 501


class BusyError(ServiceError):
    """The queue is full, or an analysis ran out of time."""

    status = 503


class StoppingError(ServiceError):
    """The service is being stopped."""

    status = 503


_PHOTO_STATUS: Final = {PhotoTooLargeError: 413, PhotoUnsupportedError: 415}
_UNREADABLE: Final = 422
_REPOSITORY_STATUS: Final[dict[type[VerifierError], int]] = {
    ManifestNotFoundError: 404,
    ManifestConflictError: 409,
    ManifestRefusedError: 400,
    RepositoryError: 503,
}
_OURS: Final = 500


def status_of(error: VerifierError) -> int:
    """Return the status of HTTP that says of an error whose fault it is."""
    if isinstance(error, ServiceError):
        return error.status
    if isinstance(error, PhotoError):
        return _PHOTO_STATUS.get(type(error), _UNREADABLE)
    return _REPOSITORY_STATUS.get(type(error), _OURS)


def problem_of(error: VerifierError) -> Problem:
    """Write an error as an answer."""
    return Problem(kind=type(error).__name__, message=str(error), status=status_of(error))
