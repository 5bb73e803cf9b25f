"""``camsim bench develop``, beside LibRaw's AHD, and ``bench sign``."""

from dataclasses import KW_ONLY, dataclass
from typing import Annotated, Literal

from camera_sim.evaluation.bench import PEER, ROUNDS, bench_develop
from camera_sim.evaluation.bench_sign import bench_sign
from camera_sim.pipelines import DEFAULT_PIPELINE, find_pipeline
from channel.evaluation.bench_history import RecordOption
from channel.evaluation.processor import processor_name
from channel.options import SOME


@dataclass(frozen=True)
class BenchDevelop(RecordOption):
    """Seconds a megapixel and peak memory of developing, beside LibRaw's AHD.

    Develop a simulated capture of 12, 24 and 45 MP, from the file to the picture in memory, by
    the named pipelines and by LibRaw (rawpy.postprocess, AHD) in turn.

    Parameters
    ----------
    pipeline
        Which to measure.
    megapixels
        Sizes.
    """

    _: KW_ONLY
    pipeline: Annotated[tuple[str, ...], SOME] = (DEFAULT_PIPELINE,)
    megapixels: Annotated[tuple[Literal[12, 24, 45], ...], SOME] = (12, 24, 45)

    def __call__(self) -> int:
        """Print a row a measurement."""
        self.check_record()
        figures = {}
        pipelines = tuple(find_pipeline(name).name for name in self.pipeline if name != PEER)
        print(f"{processor_name()}; median of 3 rounds; time from the file to RGB in memory")
        print(f"{'pipeline':<12}{'MP':>7}{'s/MP':>9}{'× LibRaw':>10}{'peak MB':>9}")
        for result in bench_develop(pipelines, tuple(self.megapixels)):
            at = f"{result.pipeline}, {result.megapixels:.0f} MP"
            figures[f"{at}, s/MP"] = result.seconds_per_megapixel
            figures[f"{at}, x LibRaw"] = result.ratio
            figures[f"{at}, peak MB"] = result.peak_memory / 1024**2
            print(
                f"{result.pipeline:<12}{result.megapixels:>7.1f}{result.seconds_per_megapixel:>9.3f}"
                f"{result.ratio:>10.2f}{result.peak_memory / 1024**2:>9.0f}",
                flush=True,
            )
        self.keep("develop", figures)
        return 0


@dataclass(frozen=True)
class BenchSign(RecordOption):
    """What signing a photo costs beside developing it.

    Parameters
    ----------
    pipeline
        Which pipeline.
    megapixels
        Size of the capture.
    """

    _: KW_ONLY
    pipeline: str = DEFAULT_PIPELINE
    megapixels: Literal[12, 24, 45] = 12

    def __call__(self) -> int:
        """Print a row an algorithm."""
        self.check_record()
        figures = {}
        pipeline = find_pipeline(self.pipeline).name
        print(f"{processor_name()}; median of {ROUNDS} rounds; a capture by {pipeline} as JPEG")
        print(f"{'key':<9}{'MP':>6}{'developing s':>14}{'signing s':>11}{'share':>8}")
        for cost in bench_sign(pipeline, self.megapixels):
            figures[f"{cost.algorithm}, {cost.megapixels:.0f} MP, developing s"] = cost.developing
            figures[f"{cost.algorithm}, {cost.megapixels:.0f} MP, signing s"] = cost.signing
            print(
                f"{cost.algorithm:<9}{cost.megapixels:>6.1f}{cost.developing:>14.2f}"
                f"{cost.signing:>11.3f}{cost.signing / cost.developing:>8.1%}",
                flush=True,
            )
        self.keep("sign", figures)
        return 0
