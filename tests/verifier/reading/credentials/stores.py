"""Manifest stores as c2pa's reader gives them, for states that no Builder makes."""

from typing import Any

HELD = ("claimSignature.validated", "claimSignature.insideValidity", "assertion.dataHash.match")
LABEL = "urn:c2pa:1"


def store(
    *,
    success: tuple[str, ...] = (),
    informational: tuple[str, ...] = (),
    failure: tuple[str, ...] = (),
    held: bool = True,
    assertions: tuple[dict[str, Any], ...] = (),
) -> dict[str, Any]:
    """Return a store of one manifest whose signature and hash held, unless ``held`` is false."""
    outcomes = {
        "success": [{"code": code} for code in (*(HELD if held else ()), *success)],
        "informational": [{"code": code} for code in informational],
        "failure": [{"code": code} for code in failure],
    }
    manifest = {"signature_info": {"common_name": "Camera"}, "assertions": list(assertions)}
    return {
        "active_manifest": LABEL,
        "manifests": {LABEL: manifest},
        "validation_results": {"activeManifest": outcomes},
    }
