from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import stream, stream_picture
from benchmarks.stream_take import read
from pipeline.errors import StenoError


@pytest.mark.slow
def test_a_run_through_a_real_daemon_is_believed_measured_drawn_and_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "OUT", tmp_path)
    sounds = stream.found(None, ["01_short", "11_silence"])
    # A test may share its machine: how late a frame was is not what is tested.
    done = stream.run(sounds, {"align.enabled": "false"}, virtual=True, late_s=5.0, out="run", say=lambda line: None)
    figures = done["summary"]
    assert figures["words"] == 6
    assert figures["words_in_partials"] > 0
    assert figures["utterances"] == figures["as_offline"] == 1
    assert figures["on_silence"] == 0
    assert figures["final_p50"] > figures["hangover_p50"] > 0.5
    saved = read(tmp_path / "run.json")
    assert saved.summary == figures
    assert [take.name for take in saved.takes] == ["01_short_seen", "11_silence"]
    assert (tmp_path / "run.png").read_bytes().startswith(b"\x89PNG")
    stream_picture.draw(saved, tmp_path / "again.png")
    assert (tmp_path / "again.png").stat().st_size > 10_000


def test_a_recording_that_is_not_there_is_an_error() -> None:
    with pytest.raises(StenoError, match="no such recording"):
        stream.found(None, ["99"])
