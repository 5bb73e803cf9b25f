"""``camsim firmware build`` and ``sign``."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from camera_sim.commands.secrets import PassphraseOptions, secrets
from camera_sim.device.device import DEFAULT_CAMERA
from camera_sim.device.firmware import Precision
from camera_sim.device.one_time_memory import MOST
from camera_sim.engines.engine_files import engines_in
from camera_sim.signing.identity import open_identity
from channel.options import Out, within
from channel.terminal import say
from firmware_export import archive
from firmware_export.bundle import Release, built, opened, signed
from firmware_export.contract import Exported, read_folder
from firmware_export.errors import BundleError, ParityError
from firmware_export.output import write_result
from firmware_export.parity import require
from firmware_export.parity_report import ParityReport
from firmware_export.reports import REPORT, read_reports


@dataclass(frozen=True)
class Build:
    """Put exported models into a bundle.

    Put exported models, and engines built from them if there are any, into one bundle. Every
    model but fp32 needs a parity report that passes.

    Parameters
    ----------
    models
        Folder made by camsim firmware export.
    camera
        Model of the camera.
    version
        Of the firmware.
    security_version
        Devices never go back.
    default_precision
        What runs unless another is asked for.
    engines
        Folder of engines to include.
    timing_cache
        TensorRT's, to include.
    unsafe_without_parity
        Take models that no report covers.
    out
        The bundle, .camfw.
    force
        Replace an existing bundle.
    """

    models: Path
    _: KW_ONLY
    camera: str = DEFAULT_CAMERA
    version: str = "1.0.0"
    security_version: Annotated[int, within(0, MOST)] = 1
    default_precision: Precision = "fp32"
    engines: Path | None = None
    timing_cache: Path | None = None
    unsafe_without_parity: bool = False
    out: Out
    force: bool = False

    def __call__(self) -> int:
        """Check, put together, and write."""
        found = read_folder(self.models)
        reports = read_reports(self.models / REPORT)
        if not self.unsafe_without_parity:
            _check_parity(found, reports)
        release = _release(self, found, reports)
        data = built(
            release,
            {one.contract.name: one.model() for one in found},
            self.default_precision,
            tuple(reports),
            engines_in(self.engines) if self.engines else None,
            {"timing.cache": archive.read_file(self.timing_cache)} if self.timing_cache else None,
            {one.contract.name: one.contract.tile for one in found if one.contract.tile},
        )
        bundle = opened(data)
        write_result(self.out, data, force=self.force)
        names = ", ".join(part.path for part in bundle.manifest.models)
        say(
            f"{bundle.manifest.pipeline} {release.version}: {names}, {len(data)} bytes → {self.out}"
        )
        return 0


@dataclass(frozen=True)
class Sign(PassphraseOptions):
    """Sign a bundle, as developer or for release.

    Parameters
    ----------
    bundle
        The bundle, .camfw.
    identity
        The folder of the signing role's identity.
    out
        Default: in place.
    force
        Replace an existing file.
    """

    bundle: Path
    _: KW_ONLY
    identity: Path
    out: Out | None = None
    force: bool = False

    def __call__(self) -> int:
        """Sign, and say how many signatures there are."""
        identity = open_identity(self.identity, secrets(self))
        data = archive.read_file(self.bundle)
        try:
            result = signed(data, identity)
        except BundleError as error:
            raise type(error)(f"{self.bundle} cannot be signed: {error}") from error
        target = self.out or self.bundle
        write_result(target, result, force=self.force or self.out is None)
        say(f"{self.bundle}: {len(opened(result).signatures)} of 2 signatures → {target}")
        return 0


def _check_parity(found: list[Exported], reports: tuple[ParityReport, ...]) -> None:
    by_model = {report.model_sha256: report for report in reports}
    for one in found:
        if one.contract.precision == "fp32":
            continue
        if one.sha256 not in by_model:
            raise ParityError(f"no parity report covers {one.contract.name}; export it again")
        require(by_model[one.sha256])


def _release(args: Build, found: list[Exported], reports: tuple[ParityReport, ...]) -> Release:
    pipelines = {(one.contract.pipeline, one.contract.pair) for one in found}
    if len(pipelines) > 1:
        names = ", ".join(sorted(f"{name} ({pair or 'no pair'})" for name, pair in pipelines))
        raise BundleError(f"{args.models} holds models of several pipelines: {names}")
    pipeline, pair = pipelines.pop()
    fans = {report.fan_sha256 for report in reports if report.fan_sha256}
    if len(fans) > 1:
        raise BundleError("the parity reports name several FANs")
    fan = fans.pop() if fans else None
    return Release(args.camera, args.version, args.security_version, pipeline, pair, fan)
