"""The verifier's part of the camsim command."""

from typing import TYPE_CHECKING

from verifier.commands import bench, evaluate, evaluate_network, verify

if TYPE_CHECKING:
    from verifier.commands import Commands


def add_commands(commands: "Commands") -> None:
    """Add ``camsim verify``."""
    verify.add_to(commands)


def add_benchmarks(benchmarks: "Commands") -> None:
    """Add ``camsim bench verify``."""
    bench.add_to(benchmarks)


def add_evaluations(evaluations: "Commands") -> None:
    """Add what measures the verifier."""
    evaluate.add_to(evaluations)
    evaluate_network.add_to(evaluations)
