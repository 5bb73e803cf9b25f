"""``camsim firmware build`` and ``sign``."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from camera_sim.commands.secrets import add_passphrase, secrets
from camera_sim.device.device import DEFAULT_CAMERA
from camera_sim.device.firmware import PRECISIONS
from camera_sim.device.one_time_memory import MOST
from camera_sim.engines.tensorrt import plans_in
from camera_sim.signing.identity import open_identity
from channel.terminal import say
from firmware_export import archive
from firmware_export.bundle import Release, built, opened, signed
from firmware_export.contract import Exported, read_folder
from firmware_export.errors import BundleError, ParityError
from firmware_export.output import write_result
from firmware_export.parity import require
from firmware_export.parity_report import ParityReport
from firmware_export.reports import REPORT, read_reports

if TYPE_CHECKING:
    from firmware_export.commands import Commands


def add_to(actions: "Commands") -> None:
    """Add the commands."""
    parser = actions.add_parser(
        "build",
        help="put exported models into a bundle",
        description="Put exported models, and TensorRT engines if there are any, into one bundle. "
        "Every model but fp32 needs a parity report that passes.",
    )
    parser.add_argument("models", type=Path, help="folder made by `camsim firmware export`")
    parser.add_argument("--camera", default=DEFAULT_CAMERA, help=f"model ({DEFAULT_CAMERA})")
    parser.add_argument("--version", default="1.0.0", help="of the firmware (default 1.0.0)")
    parser.add_argument(
        "--security-version", type=int, default=1, help="devices never go back (default 1)"
    )
    parser.add_argument("--default-precision", choices=PRECISIONS, default="fp32")
    parser.add_argument("--engines", type=Path, metavar="DIR", help="TensorRT engines to include")
    parser.add_argument("--timing-cache", type=Path, metavar="FILE", help="TensorRT's, to include")
    parser.add_argument(
        "--unsafe-without-parity", action="store_true", help="take models that no report speaks for"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="the bundle, .camfw")
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")
    parser.set_defaults(run=_build)
    parser = actions.add_parser("sign", help="sign a bundle, as developer or for release")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--identity", type=Path, required=True, metavar="DIR")
    parser.add_argument("-o", "--out", type=Path, help="default: in place")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    add_passphrase(parser)
    parser.set_defaults(run=_sign)


def _build(args: argparse.Namespace) -> int:
    if not 0 <= args.security_version <= MOST:
        raise BundleError(f"--security-version is 0 to {MOST}, not {args.security_version}")
    found = read_folder(args.models)
    reports = read_reports(args.models / REPORT)
    if not args.unsafe_without_parity:
        _check_parity(found, reports)
    release = _release(args, found, reports)
    data = built(
        release,
        {one.contract.name: one.model() for one in found},
        args.default_precision,
        tuple(reports),
        plans_in(args.engines) if args.engines else None,
        {"timing.cache": archive.read_file(args.timing_cache)} if args.timing_cache else None,
        {one.contract.name: one.contract.tile for one in found if one.contract.tile},
    )
    bundle = opened(data)
    write_result(args.out, data, force=args.force)
    names = ", ".join(part.path for part in bundle.manifest.models)
    say(f"{bundle.manifest.pipeline} {release.version}: {names}, {len(data)} bytes → {args.out}")
    return 0


def _check_parity(found: list[Exported], reports: tuple[ParityReport, ...]) -> None:
    by_model = {report.model_sha256: report for report in reports}
    for one in found:
        if one.contract.precision == "fp32":
            continue
        if one.sha256 not in by_model:
            raise ParityError(f"no parity report speaks for {one.contract.name}; export it again")
        require(by_model[one.sha256])


def _release(
    args: argparse.Namespace, found: list[Exported], reports: tuple[ParityReport, ...]
) -> Release:
    pipelines = {(one.contract.pipeline, one.contract.pair) for one in found}
    if len(pipelines) > 1:
        names = ", ".join(sorted(f"{name} ({pair or 'no pair'})" for name, pair in pipelines))
        raise BundleError(f"{args.models} holds models of several pipelines: {names}")
    pipeline, pair = pipelines.pop()
    fans = {report.fan_sha256 for report in reports if report.fan_sha256}
    if len(fans) > 1:
        raise BundleError("the parity reports speak of several FANs")
    fan = fans.pop() if fans else None
    return Release(args.camera, args.version, args.security_version, pipeline, pair, fan)


def _sign(args: argparse.Namespace) -> int:
    identity = open_identity(args.identity, secrets(args))
    data = archive.read_file(args.bundle)
    try:
        result = signed(data, identity)
    except BundleError as error:
        raise type(error)(f"{args.bundle} cannot be signed: {error}") from error
    target = args.out or args.bundle
    write_result(target, result, force=args.force or args.out is None)
    say(f"{args.bundle}: {len(opened(result).signatures)} of 2 signatures → {target}")
    return 0
