"""What is to outlive a power cut is synced, in the way that each system asks for."""

from __future__ import annotations

import errno
import os

import pytest
from ft_magics.runs import files
from ft_magics.runs.files import to_disk


@pytest.fixture
def windows(monkeypatch):
    """Syncing as on Windows: what was opened for reading cannot be synced, folders cannot be opened."""
    flags_of, synced = {}, []
    usual_open = os.open

    def open_file(path, flags):
        if path.is_dir():
            raise PermissionError(errno.EACCES, "Permission denied")
        handle = usual_open(path, flags)
        flags_of[handle] = flags
        return handle

    def sync(handle):
        if not flags_of[handle] & os.O_RDWR:
            raise OSError(errno.EBADF, "Bad file descriptor")
        synced.append(handle)

    monkeypatch.setattr(os, "open", open_file)
    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(files, "fcntl", None, raising=False)
    return synced


def test_files_are_synced_on_windows_and_folders_left_out(windows, tmp_path):
    (tmp_path / "file").write_text("a")
    to_disk(tmp_path / "file")
    assert len(windows) == 1
    to_disk(tmp_path)
    to_disk(tmp_path / "missing")
    assert len(windows) == 1


def test_folders_and_files_that_may_only_be_read_are_synced(monkeypatch, tmp_path):
    synced = []
    usual_open = os.open

    def open_file(path, flags):
        if flags & os.O_RDWR:
            raise PermissionError(errno.EACCES, "Permission denied")
        return usual_open(path, flags)

    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_ino))
    to_disk(tmp_path)
    monkeypatch.setattr(os, "open", open_file)
    (tmp_path / "file").write_text("a")
    to_disk(tmp_path / "file")
    assert synced == [tmp_path.stat().st_ino, (tmp_path / "file").stat().st_ino]


@pytest.mark.parametrize("fault", [None, errno.ENOTSUP])
def test_on_macos_the_drive_writes_too(monkeypatch, tmp_path, fault):
    """Where the drive can; a network's often cannot."""
    fcntl = pytest.importorskip("fcntl")
    asked = []

    def control(_, command):
        asked.append(command)
        if fault:
            raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", control)
    to_disk(tmp_path)
    assert asked == [51]
