"""One result, or one for each of several pictures in a folder: what transmit and manipulate do."""

import os
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from channel.command_line import complain_of
from channel.errors import ChannelError, OutputError
from channel.file_names import fitting_name
from channel.output import write
from channel.terminal import complain, track


@dataclass(frozen=True)
class OutputOptions:
    """Where results go.

    Parameters
    ----------
    output
        The result, or a folder (made if need be) for several.
    force
        Replace existing files.
    """

    _: KW_ONLY
    output: Annotated[str, Parameter(name=("--out", "-o", "--output"))]
    force: bool = False

    def is_folder(self, files: Sequence[Path]) -> bool:
        """Whether the results go into a folder: several, or one where a folder is named."""
        ends_so = self.output.endswith(("/", os.sep))
        return len(files) > 1 or ends_so or Path(self.output).is_dir()

    def for_each(self, files: Sequence[Path], act: Callable[[Path], tuple[bytes, str]]) -> int:
        """Write one result, or one for each file; a bad file doesn't stop the others."""
        output = Path(self.output)
        if not self.is_folder(files):
            if output.exists() and not self.force:  # before the work
                raise OutputError(f"{output} exists; add --force to replace it")
            write(output, act(files[0])[0], force=self.force)
            return 0
        if output.is_file():
            raise OutputError(f"{output} is a file; name a folder for several pictures")
        _refuse_equal_names(files)
        failed = 0
        for path in track(files, "at work"):
            try:
                data, suffix = act(path)
                write(output / fitting_name(path.stem, suffix), data, force=self.force)
            except ChannelError as error:
                failed += 1
                complain_of(path, error)
        if failed:
            complain(f"{failed} of {len(files)} pictures failed")
        return 2 if failed else 0


def _refuse_equal_names(files: Sequence[Path]) -> None:
    stems = [path.stem for path in files]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice:
        raise OutputError(f"several pictures are called {', '.join(twice)}; rename or send apart")
