"""Asking a vendor's measuring service about a picture; what answers is not trusted.

The answer is bounded in bytes, time and form. The report's sentences are ours: none of the
service's own words is shown, and no verdict goes by what it says.
"""

from http import HTTPStatus
from typing import Final

from pydantic import ValidationError

from verifier.errors import RepositoryError
from verifier.measuring.answer import Answer, Measurement
from verifier.measuring.wording import EDITED, MEANINGS, UNSEEN, regions_words
from verifier.report.record import MeasuredFacts, MeasuredOctave, MeasuredRegions
from verifier.repository.endpoint import Endpoint
from verifier.repository.keys_file import key_for

SECONDS: Final = 60.0
"""For an answer, the picture's way to the service included."""
_JSON: Final = "application/json"
_MOST_BYTES: Final = 100_000
_WHAT: Final = "measuring service"
_WITH_OCTAVES: Final[tuple[Answer, ...]] = ("present", "in parts")
_REFUSED: Final = {
    HTTPStatus.UNAUTHORIZED: "a key is missing or wrong",
    HTTPStatus.FORBIDDEN: "a key is missing or wrong",
    HTTPStatus.NOT_FOUND: "it measures nothing at that place; check the path of its URL",
    HTTPStatus.TOO_MANY_REQUESTS: "it was asked too often; ask again later",
}


class MeasuringService:
    """A vendor's service that measures photos by keys that it keeps.

    Parameters
    ----------
    url
        Where it is, as the operator named it; without a path it means ``/v1``.
    seconds
        That it may take to answer.

    Raises
    ------
    SettingsError
        If the URL is none that is asked, or the file of keys can't be read.
    """

    def __init__(self, url: str, *, key: str | None = None, seconds: float = SECONDS) -> None:
        self._endpoint = Endpoint.of_url(url, seconds=seconds, what=_WHAT)
        self._key = key_for(self._endpoint.origin) if key is None else key
        self.name = self._endpoint.url

    def measure(self, photo: bytes, payload: str | None) -> MeasuredFacts:
        """Ask about a picture.

        Parameters
        ----------
        photo
            Its file, which is sent to the service.
        payload
            That was read here, 16 hexadecimal digits; None: none was.

        Returns
        -------
        What it answers, or that it didn't: nothing that a service does is raised.
        """
        try:
            return self._facts(self._asked(photo), payload)
        except RepositoryError as error:
            return MeasuredFacts(service=self.name, answer="not answered", words=(f"{error}.",))

    def _asked(self, photo: bytes) -> Measurement:
        headers = {"Content-Type": "application/octet-stream"}
        headers |= {"Authorization": f"Bearer {self._key}"} if self._key else {}
        answer = self._endpoint.ask(
            "POST", "/measurements", accept=_JSON, most_bytes=_MOST_BYTES, body=photo,
            headers=headers,
        )  # fmt: skip
        if answer.status != HTTPStatus.OK:
            reason = _REFUSED.get(HTTPStatus(answer.status)) if answer.status in _REFUSED else None
            raise self._error(f"answers {answer.status}" + (f": {reason}" if reason else ""))
        if answer.kind != _JSON:
            raise self._error(f"answers with the type {answer.kind[:60]!a}, not {_JSON}")
        try:
            return Measurement.model_validate_json(answer.content)
        except ValidationError as error:
            place = ".".join(map(str, error.errors()[0]["loc"]))[:100] or "all of it"
            raise self._error(
                f"answers no measurement ({place!a} isn't as it should be)"
            ) from error

    def _facts(self, found: Measurement, payload: str | None) -> MeasuredFacts:
        if payload and found.payload and found.payload != payload:
            raise self._error(f"read another payload, {found.payload}, so its answer isn't used")
        has_octaves = found.answer in _WITH_OCTAVES
        regions = found.regions if has_octaves else None
        words = [f"The measuring service {self.name} answers: {MEANINGS[found.answer]}"]
        edits = found.edits if has_octaves else None
        words += [*regions_words(regions), *([EDITED[edits]] if edits else [])]
        words += [UNSEEN] if has_octaves else []
        words.append("That is the service's word: it informs, and no verdict goes by it.")
        return MeasuredFacts(
            service=self.name,
            answer=found.answer,
            payload=found.payload,
            group=found.group,
            octaves=tuple(
                MeasuredOctave(low=o.low, high=o.high, share=o.share, error=o.error)
                for o in (found.octaves if has_octaves else ())
            ),
            regions=regions and MeasuredRegions(**regions.model_dump()),
            edits=edits,
            words=tuple(words),
        )

    def _error(self, words: str) -> RepositoryError:
        return RepositoryError(f"the {_WHAT} {self.name} {words}")
