"""Which processor a figure of speed was measured on."""

import os
import platform
from pathlib import Path


def processor_name() -> str:
    """Return the processor's model as the system states it, and the number of its cores here."""
    return f"{_model()}, {os.cpu_count()} cores"


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    stated = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(filter(None, [*stated, platform.processor(), platform.machine()]), "unknown")
