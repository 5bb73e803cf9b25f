"""The parts of one service, put together; and its start and end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from verifier.analysis import Verifier
from verifier.errors import VerifierError
from verifier.service.access import Access
from verifier.service.arriving import UploadLimits
from verifier.service.cards import DetectorCard, cards
from verifier.service.fetches import Fetches
from verifier.service.fetching import Fetcher
from verifier.service.held import Held, Lease
from verifier.service.jobs import Jobs
from verifier.service.measuring import Measuring
from verifier.service.metrics import Metrics
from verifier.service.problems import UrlsOffError
from verifier.service.proxies import trusted
from verifier.service.served_repository import ServedRepository
from verifier.service.settings import ServiceSettings
from verifier.service.store import MemoryStore, SqliteStore, Store
from verifier.service.uploads import Upload
from verifier.service.watermarks_read import WatermarksRead
from verifier.weights import FOLDER

_log = logging.getLogger(__name__)
_PURGE_SECONDS: Final = 30.0


class Service:
    """What the routes use.

    Parameters
    ----------
    verifier
        Its limits are those of the photos; its reading processes should be as many as the workers.
    settings
        What the operator decided.
    weights
        Folder of the models, for their cards.
    fetcher
        For URLs, where they are allowed; another one is for tests.

    Raises
    ------
    OutputError
        If the database can't be used.
    RepositoryError
        If the repository can't be used.
    SettingsError
        If keys to measure with can't be read.
    WeightsError
        If the manifest of models is damaged.
    """

    def __init__(
        self,
        verifier: Verifier,
        settings: ServiceSettings,
        weights: Path = FOLDER,
        fetcher: Fetcher | None = None,
    ) -> None:
        limits = verifier.settings.limits
        self.verifier = verifier
        self.settings = settings
        self.cards: list[DetectorCard] = cards(verifier.detectors, weights)
        self.store = _store(settings)
        self.metrics = Metrics()
        self.access = Access(
            settings.keys, settings.requests_per_minute, trusted(settings.trusted_proxies)
        )
        self.held = Held(settings.held_bytes)
        self.uploads = UploadLimits(
            limits.file_bytes, settings.upload_seconds, settings.stall_seconds
        )
        self.jobs = Jobs(verifier, self.store, settings, self.metrics)
        self.repository = self._served()
        self.measuring = self._measuring()
        self.reads_watermarks = WatermarksRead(verifier, settings.workers)
        self.warm = False
        self._fetcher = fetcher or Fetcher(limits.file_bytes)
        self._fetches = Fetches()

    def _served(self) -> ServedRepository | None:
        settings = self.settings
        if settings.repository is None:
            return None
        rate, proxies = settings.lookups_per_minute, trusted(settings.trusted_proxies)
        return ServedRepository(
            settings.repository,
            self.verifier.settings,
            Access(settings.keys, rate, proxies, "requests"),
            self.metrics,
            open_lookup=settings.open_lookup,
        )

    def _measuring(self) -> Measuring | None:
        settings = self.settings
        if not settings.measuring_keys:
            return None
        rate, proxies = settings.measurements_per_minute, trusted(settings.trusted_proxies)
        return Measuring(
            settings.measuring_keys,
            self.verifier.settings,
            Access(settings.keys, rate, proxies, "measurements"),
            self.metrics,
            each=settings.measurements_each,
            most=settings.workers,
        )

    async def photo(self, upload: Upload, lease: Lease) -> tuple[bytes, str | None]:
        """Return an upload's photo and name; fetches it where it is a URL.

        Raises
        ------
        UrlsOffError
            If the operator fetches no URLs.
        RefusedUrlError
            If it is not in the public network, or no URL that is fetched.
        FetchError
            If nothing comes.
        BusyError
            If too many URLs are being fetched, or too many photos are held.
        """
        if upload.photo is not None:
            return upload.photo, upload.name
        if not self.settings.allow_urls:
            raise UrlsOffError("this service fetches no URLs; send the file itself")
        fetched = await self._fetches.run(self._fetcher.fetch, upload.url or "", lease)
        return fetched.content, fetched.name

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Start what runs beside the requests; in the end let the analyses finish."""
        tasks = [asyncio.create_task(self._purge()), asyncio.create_task(self._warm_up())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            with ExitStack() as ending:
                ending.callback(self.store.close)
                ending.callback(self.verifier.close)
                ending.callback(self._fetches.close)
                ending.callback(self.reads_watermarks.close)
                if self.measuring:
                    ending.callback(self.measuring.close)
                if self.repository:
                    ending.callback(self.repository.close)
                await asyncio.to_thread(self.jobs.stop, self.settings.drain_seconds)

    async def _purge(self) -> None:
        while True:
            await _kept_going(self.jobs.purge)
            if self.repository:
                await _kept_going(self.repository.store.purge)
            await asyncio.sleep(_PURGE_SECONDS)

    async def _warm_up(self) -> None:
        """Have the reading processes start and the models load before the first photo comes."""
        while not await _kept_going(lambda: self.verifier.analyze(_sample())):
            await asyncio.sleep(_PURGE_SECONDS)
        self.warm = True


async def _kept_going(act: Callable[[], object]) -> bool:
    """Do something in a thread; what goes wrong is told in the log, and stops nothing for good."""
    try:
        await asyncio.to_thread(act)
    except VerifierError as error:
        _log.warning("%s", error)
        return False
    except Exception:
        _log.exception("an error of ours")
        return False
    return True


def _store(settings: ServiceSettings) -> Store:
    if settings.database is None:
        return MemoryStore(settings.linger_seconds, settings.linger_jobs)
    return SqliteStore(settings.database, settings.keep_days)


def _sample() -> bytes:
    """Make a small JPEG file with texture."""
    pixels = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()
