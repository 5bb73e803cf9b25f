"""The verifier's part of the camsim command."""

from typing import TYPE_CHECKING

from verifier.commands import (
    bench,
    bench_many,
    evaluate,
    evaluate_claims,
    evaluate_features,
    evaluate_generated,
    evaluate_origin,
    evaluate_platform,
    explain,
    serve,
    train_generated,
    train_generator,
    train_origin,
    train_platform,
    verify,
    verify_archive,
)

if TYPE_CHECKING:
    from verifier.commands import Commands


def add_commands(commands: "Commands") -> None:
    """Add ``camsim verify``, ``verify-archive``, ``explain`` and ``serve``."""
    for module in (verify, verify_archive, explain, serve):
        module.add_to(commands)


def add_trainings(parts: "Commands") -> None:
    """Add what trains the verifier's networks."""
    for module in (train_platform, train_origin, train_generator, train_generated):
        module.add_to(parts)


def add_benchmarks(benchmarks: "Commands") -> None:
    """Add ``camsim bench verify``, ``serve`` and ``archive``."""
    bench.add_to(benchmarks)
    bench_many.add_to(benchmarks)


def add_evaluations(evaluations: "Commands") -> None:
    """Add what measures the verifier."""
    evaluate.add_to(evaluations)
    evaluate_platform.add_to(evaluations)
    evaluate_origin.add_to(evaluations)
    evaluate_generated.add_to(evaluations)
    evaluate_claims.add_to(evaluations)
    evaluate_features.add_to(evaluations)
