"""What an operator decides about the service."""

from dataclasses import dataclass, fields
from math import inf
from pathlib import Path
from typing import Final

from verifier.api_keys import ApiKeys
from verifier.errors import SettingsError
from verifier.service.proxies import trusted

_MAY_BE_NOTHING: Final = (
    "keep_days",
    "requests_per_minute",
    "lookups_per_minute",
    "linger_seconds",
    "measurements_per_minute",
    "measurements_each",
)


@dataclass(frozen=True)
class ServiceSettings:
    """Bounds of the service, and what it keeps; each number is more than 0 unless it says so.

    Parameters
    ----------
    workers
        Analyses at a time.
    queue
        Analyses that may wait; beyond them the answer is 503.
    held_bytes
        Of photos in memory, uploading or waiting; beyond them the answer is 503.
    upload_seconds
        In which a photo must have arrived; else 408.
    stall_seconds
        After which an upload without progress ends; else 408.
    analysis_seconds
        From the request to the report, waiting included; else the analysis is given up.
    requests_per_minute
        Of one key, or of one address without a key; 0: no limit. Polling doesn't count.
    keys
        Who may ask; None: everybody.
    database
        SQLite file in which reports are kept; None: nothing is.
    keep_days
        After which a kept report is deleted; 0: never.
    linger_seconds
        How long the answer of a job that was polled for stays in memory where nothing is kept.
    linger_jobs
        Most answers that so stay; the oldest goes first.
    repository
        Folder of manifests that is served by C2PA's Soft Binding Resolution API; None: none is.
    open_lookup
        Whether everybody may look manifests up, without a key.
    lookups_per_minute
        Requests to the repository of one key, or of one address without a key; 0: no limit.
    measuring_keys
        Files and folders of group keys and devices' secrets, by which photos are measured; empty:
        none is. Only who has a key may ask, so ``keys`` are needed.
    measurements_per_minute
        Of one key; 0: no limit.
    measurements_each
        Of one photo, by one key, in a day; 0: no limit.
    allow_urls
        Whether a photo may be named by its URL.
    allow_origins
        Origins of other pages, such as ``https://desk.example``, whose scripts may ask.
    allow_hosts
        Names by which the service may be asked, as ``Host`` has them; none: all.
    trusted_proxies
        Addresses and networks of proxies, whose ``X-Forwarded-For`` names the client.
    connections, connections_each
        At a time: of all clients, and of one; proxies that are trusted are many clients.
    head_seconds
        In which the head of a request must have arrived.
    send_seconds
        In which an answer must have been taken.
    drain_seconds
        That running and waiting analyses get when the service is asked to stop.

    Raises
    ------
    SettingsError
        If a number is none of those, a proxy is no address, or anybody could measure.
    """

    workers: int = 2
    queue: int = 32
    held_bytes: int = 500_000_000
    upload_seconds: float = 30.0
    stall_seconds: float = 10.0
    analysis_seconds: float = 120.0
    requests_per_minute: int = 120
    keys: ApiKeys | None = None
    database: Path | None = None
    keep_days: float = 30.0
    linger_seconds: float = 300.0
    linger_jobs: int = 200
    repository: Path | None = None
    open_lookup: bool = False
    lookups_per_minute: int = 600
    measuring_keys: tuple[Path, ...] = ()
    measurements_per_minute: int = 30
    measurements_each: int = 50
    allow_urls: bool = False
    allow_origins: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    connections: int = 1000
    connections_each: int = 64
    head_seconds: float = 10.0
    send_seconds: float = 30.0
    drain_seconds: float = 20.0

    def __post_init__(self) -> None:
        numbers = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        for name, value in numbers.items():
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                continue
            # No comparison holds of "nan", and a wait for ever is none that a clock can count.
            enough = 0 <= value < inf if name in _MAY_BE_NOTHING else 0 < value < inf
            if not enough:
                raise SettingsError(f"{name} is {value}; give more than 0")
        if self.measuring_keys and self.keys is None:
            raise SettingsError(
                "photos are measured for known clients alone; name the file of their keys by --keys"
            )
        trusted(self.trusted_proxies)
