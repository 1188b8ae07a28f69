"""How often a run's test split was looked at: who chooses by it often enough no longer measures with it.

A look is an evaluation of the split that was made for a person: the one at the end of a training, and each that
`Run.report`, `%evaluate`, `%ner_eval` or `%ft compare` gives. Drawing the run's page again is none, since it shows the
same number again. The record lies in the run's folder, so that it outlives kernels and goes where the folder goes.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress

from ft_magics.errors import RunError
from ft_magics.runs.files import open_to_append, open_to_read
from ft_magics.runs.folder import RunFolder

__all__ = ["count_looks", "note_look"]

_MOST_BYTES = 1 << 20  # some 20,000 looks: more is no other news


def note_look(folder: RunFolder, by: str) -> None:
    """Write a look down; a folder that cannot be written to is no reason to show nothing.

    Args:
        folder: Of the run.
        by: What looked, such as `training` or `report`.
    """
    line = (json.dumps({"time": round(time.time(), 3), "by": by}) + "\n").encode()
    with suppress(OSError, RunError):
        folder.check_there()
        with open_to_append(folder.looks) as stream:
            if stream.tell() < _MOST_BYTES:
                stream.write(line)  # in one piece, at the end, whoever else writes
                os.fsync(stream.fileno())


def count_looks(folder: RunFolder) -> int:
    """How many looks were written down; 0 for a run without a record."""
    with suppress(OSError), open_to_read(folder.looks) as stream:
        return (stream.read(_MOST_BYTES) or b"").count(b"\n")
    return 0
