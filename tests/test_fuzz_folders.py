"""Spoilt folders of runs and models: no error but ours, nothing outside changed, little time and memory.

`benchmarks/fuzz_folders.py` does the same with a hundred thousand.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import CONLL
from folder_trials import Trial, kept_run

SEEDS = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def kept(tmp_path_factory, tiny_model):
    return kept_run(tmp_path_factory.mktemp("kept"), tiny_model, CONLL * 8)


@pytest.fixture(scope="module")
def trial(tmp_path_factory, kept):
    return Trial(tmp_path_factory.mktemp("trial"), kept[0])


@pytest.fixture(scope="module")
def trial_that_resumes(tmp_path_factory, kept):
    return Trial(tmp_path_factory.mktemp("resumed"), *kept)


@given(SEEDS)
@settings(derandomize=True, deadline=None, max_examples=150)
def test_spoilt_runs_are_looked_at(trial, seed):
    trial.spoil_run(seed)


@given(SEEDS)
@settings(derandomize=True, deadline=None, max_examples=15)
def test_spoilt_runs_are_resumed(trial_that_resumes, seed):
    trial_that_resumes.spoil_run(seed)


@given(SEEDS)
@settings(derandomize=True, deadline=None, max_examples=100)
def test_spoilt_models_are_loaded(trial, seed):
    trial.spoil_model(seed)
