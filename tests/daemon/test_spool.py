"""The spool keeps every sample until it is released, on disk too, whatever happens to the disk or the daemon."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import spool as spool_module
from daemon.spool import Spool, leftovers, remove_leftovers
from model.errors import StenoError


def sound(first: int, count: int) -> npt.NDArray[np.int16]:
    """Samples that tell their own index."""
    return (np.arange(first, first + count) % 30011).astype(np.int16)


@pytest.fixture(autouse=True)
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "SEGMENT_SAMPLES", 1000)


def filled(directory: Path, count: int = 3500, first: int = 0, block: int = 320) -> Spool:
    spool = Spool(directory, "mic", first)
    for at in range(first, first + count, block):
        spool.append(sound(at, min(block, first + count - at)))
    return spool


def test_what_was_appended_is_read_across_segments(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    assert (spool.first, spool.end) == (0, 3500)
    assert np.array_equal(spool.read(0, 3500), sound(0, 3500))
    assert np.array_equal(spool.read(990, 2010), sound(990, 1020))
    assert len(spool.read(5, 5)) == 0


def test_a_block_longer_than_a_segment_is_kept_whole(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "mic")
    spool.append(sound(0, 5000))
    assert np.array_equal(spool.read(0, 5000), sound(0, 5000))


def test_the_numbering_begins_where_the_source_does(tmp_path: Path) -> None:
    spool = filled(tmp_path, first=12345)
    assert (spool.first, spool.end) == (12345, 15845)
    assert np.array_equal(spool.read(13000, 15000), sound(13000, 2000))


def test_what_is_read_is_a_copy(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.read(0, 100)[:] = 0
    assert np.array_equal(spool.read(0, 100), sound(0, 100))


@pytest.mark.parametrize(("from_sample", "to_sample"), [(0, 100), (500, 3501), (1000, 900)])
def test_reading_what_is_not_there_is_an_error(from_sample: int, to_sample: int, tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.release(500)
    with pytest.raises(StenoError, match="are not in the spool"):
        spool.read(from_sample, to_sample)


def test_released_segments_leave_the_disk_and_the_memory(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.release(2500)
    assert spool.first == 2500
    assert len(list(spool.directory.glob("*.s16le"))) == 2
    spool.release(100)
    assert spool.first == 2500
    assert np.array_equal(spool.read(2500, 3500), sound(2500, 1000))


def test_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.release(10)
    assert stat.S_IMODE(spool.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in spool.directory.iterdir()} == {0o600}


def test_closing_deletes_or_leaves_the_files(tmp_path: Path) -> None:
    filled(tmp_path / "a").close()
    assert list((tmp_path / "a").iterdir()) == []
    filled(tmp_path / "b").close(delete=False)
    assert leftovers(tmp_path / "b")[0][1] == 0


def test_everything_is_on_disk_before_append_returns(tmp_path: Path) -> None:
    filled(tmp_path)
    [(source, first, pcm)] = leftovers(tmp_path)
    assert (source, first) == ("mic", 0)
    assert np.array_equal(pcm, sound(0, 3500))


def test_what_was_released_before_a_crash_is_not_left_over(tmp_path: Path) -> None:
    filled(tmp_path).release(1234)
    [(_, first, pcm)] = leftovers(tmp_path)
    assert first == 1234
    assert np.array_equal(pcm, sound(1234, 2266))


def test_a_spool_that_was_released_whole_leaves_nothing_over(tmp_path: Path) -> None:
    filled(tmp_path).release(3500)
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("source", ["a/b", "..", ".", "", "a~2", "Mikrofon ü 麦", "x" * 200])
def test_any_id_keeps_to_its_own_folder_and_is_read_back(source: str, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", source)
    spool.append(sound(0, 10))
    assert spool.directory.parent == tmp_path / "spool"
    assert [found[0] for found in leftovers(tmp_path / "spool")] == [source or " "]


def test_a_second_spool_of_the_same_source_does_not_touch_what_is_left_of_the_first(tmp_path: Path) -> None:
    filled(tmp_path)
    filled(tmp_path, count=20).close()
    assert [len(pcm) for _, _, pcm in leftovers(tmp_path)] == [3500]
    filled(tmp_path, count=20)
    assert [(name, len(pcm)) for name, _, pcm in leftovers(tmp_path)] == [("mic", 3500), ("mic", 20)]


def test_leftovers_are_removed_once_they_are_taken(tmp_path: Path) -> None:
    filled(tmp_path).release(100)
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert leftovers(tmp_path / "never") == []
    remove_leftovers(tmp_path / "never")


def test_foreign_files_among_the_leftovers_are_passed_over_and_kept(tmp_path: Path) -> None:
    folder = filled(tmp_path).directory
    (folder / "notes.s16le").write_bytes(b"abc")
    (folder / "released").write_bytes(b"\xffnonsense")
    (folder / "readme").touch()
    (tmp_path / "file").touch()
    assert [len(pcm) for _, _, pcm in leftovers(tmp_path)] == [3500]
    remove_leftovers(tmp_path)
    assert (folder / "readme").exists()
    assert (tmp_path / "file").exists()


def test_a_daemon_killed_at_any_byte_loses_no_complete_sample(tmp_path: Path) -> None:
    whole = filled(tmp_path / "whole", count=1040).directory
    last = sorted(whole.glob("*.s16le"))[-1]
    for length in range(last.stat().st_size + 1):
        copy = tmp_path / "copy"
        shutil.copytree(whole, copy / "mic")
        os.truncate(copy / "mic" / last.name, length)
        [(_, first, pcm)] = leftovers(copy)
        assert first == 0
        assert np.array_equal(pcm, sound(0, 1000 + length // 2))
        shutil.rmtree(copy)


def test_a_mark_cut_at_any_byte_loses_no_sample(tmp_path: Path) -> None:
    spool = filled(tmp_path, count=100)
    spool.release(40)
    mark = (spool.directory / "released").read_bytes()
    for length in range(len(mark)):
        (spool.directory / "released").write_bytes(mark[:length])
        [(_, first, pcm)] = leftovers(tmp_path)
        assert first + len(pcm) == 100
        assert first <= 40


def test_a_hole_between_segments_splits_what_is_left(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    sorted(spool.directory.glob("*.s16le"))[1].unlink()
    assert [(first, len(pcm)) for _, first, pcm in leftovers(tmp_path)] == [(0, 1000), (2000, 1500)]


class FullDisk:
    """In the place of os.write: takes so many bytes, then fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room = 1 << 40
        self._write = os.write
        monkeypatch.setattr(os, "write", self)

    def __call__(self, descriptor: int, data: Any) -> int:
        if not self.room:
            raise OSError(28, "No space left on device")
        count = self._write(descriptor, data[: self.room])
        self.room -= count
        return count


@pytest.mark.parametrize("room", [0, 1, 639, 640, 641, 1999, 2000, 2001, 3333])
def test_a_full_disk_is_said_once_costs_nothing_and_is_caught_up(
    room: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    troubles: list[str] = []
    disk = FullDisk(monkeypatch)
    spool = Spool(tmp_path, "mic", on_trouble=troubles.append)
    disk.room = room
    for at in range(0, 3200, 320):
        spool.append(sound(at, 320))
    assert spool.troubled
    assert len(troubles) == 1
    assert "No space left on device" in troubles[0]
    assert np.array_equal(spool.read(0, 3200), sound(0, 3200))
    assert sum(len(pcm) for _, _, pcm in leftovers(tmp_path)) == room // 2
    disk.room = 1 << 40
    spool.append(sound(3200, 320))
    assert np.array_equal(leftovers(tmp_path)[0][2], sound(0, 3520))
    disk.room = 0
    spool.append(sound(3520, 320))
    assert len(troubles) == 2


def test_a_directory_that_cannot_be_made_is_trouble_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    troubles: list[str] = []
    spool = Spool(tmp_path / "file", "mic", on_trouble=troubles.append)
    spool.append(sound(0, 2000))
    assert np.array_equal(spool.read(0, 2000), sound(0, 2000))
    assert len(troubles) == 1
    spool.release(1500)
    spool.close()


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["append", "release"]), st.integers(0, 2500)), max_size=15))
def test_after_any_history_memory_and_disk_hold_the_same(steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        spool = Spool(Path(directory), "mic", 7)
        for what, count in steps:
            if what == "append":
                spool.append(sound(spool.end, count))
            else:
                spool.release(spool.first + count)
        expected = sound(spool.first, spool.end - spool.first)
        assert np.array_equal(spool.read(spool.first, spool.end), expected)
        left = leftovers(Path(directory))
        assert np.array_equal(np.concatenate([np.empty(0, np.int16), *(pcm for _, _, pcm in left)]), expected)
        spool.close()


def test_what_is_settled_can_be_read_on_but_is_not_left_over(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.settle(1234)
    assert spool.first == 0
    assert len(spool.read(0, 1234)) == 1234
    ((_, first, pcm),) = leftovers(tmp_path)
    assert first == 1234
    assert len(pcm) == spool.end - 1234


def test_what_was_settled_can_be_taken_up_again_as_long_as_it_is_kept(tmp_path: Path) -> None:
    spool = Spool(tmp_path, "mic")
    spool.append(np.arange(1000, dtype=np.int16))
    spool.release(100)
    spool.settle(900)
    spool.reopen(600)
    ((_, first, pcm),) = leftovers(tmp_path)
    assert (first, len(pcm)) == (600, 400)
    spool.reopen(0)
    assert leftovers(tmp_path)[0][1] == 100
