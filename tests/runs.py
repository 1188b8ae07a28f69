"""Runs in tests: waited for, compared with one another."""

from __future__ import annotations

import torch
from ft_magics.events import Evaluated, StepDone

_ON_THE_WAY = {
    StepDone: ("step", "epoch", "loss", "learning_rate", "grad_norm"),
    Evaluated: ("step", "epoch", "split", "loss", "metrics", "by_label", "best"),
}


def finish(run):
    """Wait for a run's end; what ended it badly is raised."""
    assert run.wait(240)  # below the time that a test has
    if run.exception:
        raise run.exception
    return run


def weights_of(run):
    """The weights that a run keeps of its best model, by name."""
    from safetensors.torch import load_file

    (path,) = run.model_dir.glob("*.safetensors")
    return load_file(path)


def assert_same_end(run, other):
    """Two runs end the same to the bit, and learned, evaluated and saved the same on the way."""
    one, two = weights_of(run), weights_of(other)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert run.folder.splits() == other.folder.splits()
    for split in run.folder.splits():
        ours, theirs = run.report(split), other.report(split)
        assert (ours.scores, ours.by_label) == (theirs.scores, theirs.by_label)
        assert run.folder.predictions(split).read_bytes() == other.folder.predictions(split).read_bytes()
    for kind, names in _ON_THE_WAY.items():
        ours, theirs = (
            [[getattr(event, name) for name in names] for event in each.events if isinstance(event, kind)]
            for each in (run, other)
        )
        assert ours == theirs
