"""``camsim serve``: the verifier over HTTP, and a page to drop photos on."""

import logging
import os
import sys
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from channel.errors import reason_of
from channel.extras import of_extra
from channel.options import ANY
from verifier.commands.trust import TrustOptions, places_of
from verifier.errors import OutputError, SettingsError
from verifier.limits import Limits
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.service import ServiceSettings

_MEGA = 1_000_000


@dataclass(frozen=True)
class Serve(TrustOptions):
    """Answer over HTTP what can be known of photos, with a page to drop them on.

    Run the verifier as a service. Nothing is kept unless --keep names a file, and nothing is
    fetched unless --allow-urls is given. Every option can come from the environment, too:
    CAMSIM_SERVE_PORT=8080 is --port 8080.

    Parameters
    ----------
    host
        Address to listen at.
    port
        0: any that is free.
    workers
        Analyses at a time.
    queue
        That may wait.
    largest
        Megabytes of a file.
    rate
        Analyses a minute of one client; 0: no limit.
    seconds
        From request to report, then it is given up.
    upload_seconds
        For a photo to arrive.
    stall_seconds
        Without progress, then an upload is ended.
    head_seconds
        For a request's head.
    send_seconds
        For an answer to be taken.
    connections
        At a time.
    connections_each
        Of one client.
    trusted_proxy
        Proxies of yours, such as 10.0.0.0/8, whose X-Forwarded-For names the client.
    allowed_host
        Names by which it may be asked; *: all.
    drain_seconds
        For analyses when stopped.
    keys
        Only who has a key may ask.
    add_key
        Add a key to --keys, print it, and end.
    keep
        Keep reports in this database.
    keep_days
        Then reports are deleted; 0: never.
    repository
        Folder of published manifests: serve C2PA's Soft Binding Resolution API of it, and look the
        credentials of stripped copies up in it.
    open_lookup
        Everybody may look manifests up, without a key of --keys.
    lookup_rate
        Requests a minute of one client to the repository; 0: no limit.
    measuring_keys
        Files and folders of group keys and devices' secrets: measure how much of a photo's own
        watermark is left, for clients with a key of --keys. Changed files count at once.
    measuring_rate
        Measurements a minute of one key; 0: no limit.
    measuring_each
        Measurements of one photo, by one key, in a day; 0: no limit.
    allow_urls
        Fetch photos by their URL, too.
    allow_origin
        Pages of others whose scripts may ask.
    recover_from
        Folders, bundles and URLs where the credentials of stripped copies are looked up, after
        --repository.
    measuring_service
        URLs of vendors' services to which photos are sent, and which answer how much of a photo's
        own watermark is left.
    weights
        Models of your own.
    """

    _: KW_ONLY
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = os.cpu_count() or 2
    queue: int = 32
    largest: int = 100
    rate: int = 120
    seconds: float = 120.0
    upload_seconds: float = 30.0
    stall_seconds: float = 10.0
    head_seconds: float = 10.0
    send_seconds: float = 30.0
    connections: int = 1000
    connections_each: int = 64
    trusted_proxy: Annotated[tuple[str, ...], ANY] = ()
    allowed_host: Annotated[tuple[str, ...], ANY] = ()
    drain_seconds: float = 20.0
    keys: Path | None = None
    add_key: str | None = None
    keep: Path | None = None
    keep_days: float = 30.0
    repository: Path | None = None
    open_lookup: bool = False
    lookup_rate: int = 600
    measuring_keys: Annotated[tuple[Path, ...], ANY] = ()
    measuring_rate: int = 30
    measuring_each: int = 50
    allow_urls: bool = False
    allow_origin: Annotated[tuple[str, ...], ANY] = ()
    recover_from: Annotated[tuple[str, ...], ANY] = ()
    measuring_service: Annotated[tuple[str, ...], ANY] = ()
    weights: Path = FOLDER

    def __call__(self) -> int:
        """Serve until a signal ends it."""
        with of_extra("serve", "serving needs"):
            from verifier.api_keys import add_key
            from verifier.service import Service, create_app
            from verifier.service.server import listening, serve
        if self.add_key:
            if self.keys is None:
                raise SettingsError("--add-key needs --keys, the file to add it to")
            print(add_key(self.keys, self.add_key))
            return 0
        settings = _settings(self)
        limits = Limits(file_bytes=self.largest * _MEGA, workers=settings.workers)
        from verifier.analysis import Verifier

        verifier = Verifier.from_weights(self.weights, self.settings(limits))
        service = Service(verifier, settings, self.weights)
        if settings.measuring_keys:
            _log_measurements()
        try:
            socket = listening(self.host, self.port)
        except (OSError, OverflowError) as error:
            raise OutputError(
                f"port {self.port} of {self.host} can't be used: {reason_of(error)}"
            ) from error
        host, port = socket.getsockname()[:2]
        print(f"camsim: serving at http://{host}:{port}/", file=sys.stderr, flush=True)
        serve(create_app(service), socket, settings)
        return 0

    def _repositories(self) -> tuple[str | Path, ...]:
        own = () if self.repository is None else (self.repository.absolute(),)
        return (*own, *places_of(self.recover_from))

    def _measuring_services(self) -> tuple[str, ...]:
        return self.measuring_service


def _log_measurements() -> None:
    """Write a line of each measurement: who asked about which photo, and what was answered."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("verifier.service.measuring")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _settings(args: Serve) -> "ServiceSettings":
    from verifier.api_keys import KeysFile
    from verifier.service import ServiceSettings
    from verifier.service.hosts import hosts_of

    return ServiceSettings(
        workers=args.workers,
        queue=args.queue,
        held_bytes=max(500, 2 * args.largest) * _MEGA,
        upload_seconds=args.upload_seconds,
        stall_seconds=args.stall_seconds,
        analysis_seconds=args.seconds,
        requests_per_minute=args.rate,
        keys=KeysFile(args.keys) if args.keys else None,
        database=args.keep,
        keep_days=args.keep_days,
        repository=args.repository,
        open_lookup=args.open_lookup,
        lookups_per_minute=args.lookup_rate,
        measuring_keys=args.measuring_keys,
        measurements_per_minute=args.measuring_rate,
        measurements_each=args.measuring_each,
        allow_urls=args.allow_urls,
        allow_origins=tuple(args.allow_origin),
        allow_hosts=hosts_of(args.host, tuple(args.allowed_host)),
        trusted_proxies=tuple(args.trusted_proxy),
        connections=args.connections,
        connections_each=args.connections_each,
        head_seconds=args.head_seconds,
        send_seconds=args.send_seconds,
        drain_seconds=args.drain_seconds,
    )
