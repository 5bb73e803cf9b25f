"""``camsim serve``: the verifier over HTTP, and a page to drop photos on."""

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from verifier.analysis import Verifier
from verifier.errors import DependencyError, OutputError, SettingsError
from verifier.limits import Limits
from verifier.settings import PLATFORMS
from verifier.weights import FOLDER

if TYPE_CHECKING:
    from verifier.commands import Commands
    from verifier.service import ServiceSettings

_MEGA = 1_000_000


def add_to(commands: "Commands") -> None:
    """Add ``serve``."""
    parser = commands.add_parser(
        "serve",
        help="answer over HTTP what can be known of photos, with a page to drop them on",
        description="Run the verifier as a service. Nothing is kept unless --keep names a file, "
        "and nothing is fetched unless --allow-urls is given.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default here)")
    parser.add_argument("--port", type=int, default=8000, help="default 8000; 0: any that is free")
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 2,
        metavar="N",
        help="analyses at a time (default: as many as cores)",
    )
    parser.add_argument("--queue", type=int, default=32, help="that may wait (default 32)")
    parser.add_argument("--largest", type=int, default=100, metavar="MB", help="file (default 100)")
    parser.add_argument(
        "--rate",
        type=int,
        default=120,
        metavar="N",
        help="analyses a minute of one client; 0: no limit (default 120)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=120.0,
        help="from request to report, then it is given up (default 120)",
    )
    parser.add_argument(
        "--upload-seconds", type=float, default=30.0, help="for a photo to arrive (default 30)"
    )
    parser.add_argument(
        "--stall-seconds",
        type=float,
        default=10.0,
        help="without progress, then an upload is ended (default 10)",
    )
    parser.add_argument(
        "--head-seconds", type=float, default=10.0, help="for a request's head (default 10)"
    )
    parser.add_argument(
        "--send-seconds", type=float, default=30.0, help="for an answer to be taken (default 30)"
    )
    parser.add_argument(
        "--connections", type=int, default=1000, metavar="N", help="at a time (default 1000)"
    )
    parser.add_argument(
        "--connections-each", type=int, default=64, metavar="N", help="of one client (default 64)"
    )
    parser.add_argument(
        "--trusted-proxy",
        nargs="*",
        default=[],
        metavar="PLATFORM",
        help="proxies of yours, such as 10.0.0.0/8, whose X-Forwarded-For names the client",
    )
    parser.add_argument(
        "--allowed-host",
        nargs="*",
        default=[],
        metavar="NAME",
        help="names by which it may be asked (default: this machine's own where --host is one of "
        "them, else all); *: all",
    )
    parser.add_argument(
        "--drain-seconds", type=float, default=20.0, help="for analyses when stopped (default 20)"
    )
    parser.add_argument("--keys", type=Path, metavar="FILE", help="only who has a key may ask")
    parser.add_argument("--add-key", metavar="NAME", help="add a key to --keys, print it, and end")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep reports in this database")
    parser.add_argument(
        "--keep-days",
        type=float,
        default=30.0,
        metavar="DAYS",
        help="then reports are deleted; 0: never (default 30)",
    )
    parser.add_argument("--allow-urls", action="store_true", help="fetch photos by their URL, too")
    parser.add_argument(
        "--allow-origin",
        nargs="*",
        default=[],
        metavar="ORIGIN",
        help="pages of others whose scripts may ask",
    )
    parser.add_argument("--trust-anchors", type=Path, metavar="PEM", help="whom you trust")
    parser.add_argument("--revocation-lists", type=Path, metavar="PEM", help="what was withdrawn")
    parser.add_argument(
        "--weights", type=Path, default=FOLDER, metavar="FOLDER", help="models of your own"
    )
    parser.add_argument(
        "--resend",
        nargs="*",
        default=list(PLATFORMS),
        metavar="PLATFORM",
        help="platforms that test whether answers hold; none: no test",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until a signal ends it."""
    try:
        from verifier.service import Service, create_app
        from verifier.service.keys import add_key
        from verifier.service.server import listening, serve
    except ImportError as error:
        raise DependencyError(f"serving needs {error.name}: pip install 'camsim[serve]'") from error
    if args.add_key:
        if args.keys is None:
            raise SettingsError("--add-key needs --keys, the file to add it to")
        print(add_key(args.keys, args.add_key))
        return 0
    settings = _settings(args)
    verifier = Verifier.from_weights(
        args.weights,
        trust_anchors=args.trust_anchors,
        revocation_lists=args.revocation_lists,
        limits=Limits(file_bytes=args.largest * _MEGA, workers=settings.workers),
        resend_through=args.resend,
    )
    service = Service(verifier, settings, args.weights)
    try:
        socket = listening(args.host, args.port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"port {args.port} of {args.host} can't be used: {reason}") from error
    host, port = socket.getsockname()[:2]
    print(f"camsim: serving at http://{host}:{port}/", file=sys.stderr, flush=True)
    serve(create_app(service), socket, settings)
    return 0


def _settings(args: argparse.Namespace) -> "ServiceSettings":
    from verifier.service import Keys, ServiceSettings
    from verifier.service.hosts import hosts_of

    return ServiceSettings(
        workers=args.workers,
        queue=args.queue,
        held_bytes=max(500, 2 * args.largest) * _MEGA,
        upload_seconds=args.upload_seconds,
        stall_seconds=args.stall_seconds,
        analysis_seconds=args.seconds,
        requests_per_minute=args.rate,
        keys=Keys.from_file(args.keys) if args.keys else None,
        database=args.keep,
        keep_days=args.keep_days,
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
