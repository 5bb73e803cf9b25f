"""Keeping away what libraries print while they work; what goes wrong is raised."""

import contextlib
import io
import os
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what is printed meanwhile nowhere, by Python or below it.

    The process's own file descriptors are turned round: for one thread at a time.
    """
    kept = os.dup(1), os.dup(2)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 1)
        os.dup2(null, 2)
        with (
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        for to, descriptor in zip((1, 2), kept, strict=True):
            os.dup2(descriptor, to)
            os.close(descriptor)
        os.close(null)
