"""``camsim evaluate channel``: agreement with libjpeg and with real platforms."""

from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from channel.extras import of_extra


@dataclass(frozen=True)
class EvaluateChannel:
    """Agreement with libjpeg and with real platforms: tables and figure.

    Parameters
    ----------
    data
        Folder with networks.csv.
    out
        Folder for the results.
    force
        Replace existing results.
    """

    _: KW_ONLY
    data: Path
    out: Path
    force: bool = False

    def __call__(self) -> int:
        """Write tables and figure."""
        with of_extra("train"):
            from channel.evaluation.report import write_report

        write_report(self.data, self.out, force=self.force)
        return 0
