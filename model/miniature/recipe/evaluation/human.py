"""Recordings of people, with what they say, out of Debian packages: the evaluation of last resort.

This file owns which recordings there are, whose they are, and how they are fetched. Some six speakers of English, a
minute and a half in all; none is ever trained on. The words are those that the packages give or that the recordings
are known by, and PocketSphinx heard the same.

    python -m model.miniature.recipe.evaluation.human --out DIR
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import wave
from dataclasses import asdict, dataclass
from pathlib import Path

RATE = 16_000
_WAVE: tuple[str, ...] = ()
_RAW = ("-f", "s16le", "-ar", "16000", "-ac", "1")
_G722 = ("-f", "g722")


@dataclass(frozen=True, slots=True)
class Source:
    """A package, and what of it is used."""

    package: str
    licence: str
    speaker: str
    folder: str
    form: tuple[str, ...]
    """What ffmpeg must be told of files without a header."""
    said: dict[str, str]
    """File in the folder -> its words."""


SOURCES = (
    Source(
        "pocketsphinx-testdata", "BSD-2-Clause", "several men", "usr/share/pocketsphinx/test/data/cards", _WAVE,
        {
            "001.wav": "ten of clubs",
            "002.wav": "four queen of clubs",
            "003.wav": "seven of clubs",
            "004.wav": "five five",
            "005.wav": "eight of spades four of clubs seven of hearts",
        },
    ),
    Source(
        "pocketsphinx-testdata", "public domain", "a reader of LibriVox",
        "usr/share/pocketsphinx/test/data/librivox", _WAVE,
        {
            "sense_and_sensibility_01_austen_64kb-0870.wav": "and mister john dashwood had then leisure to consider "
            "how much there might be prudently in his power to do for them",
            "sense_and_sensibility_01_austen_64kb-0880.wav": "he was not an ill disposed young man",
            "sense_and_sensibility_01_austen_64kb-0890.wav": "unless to be rather cold hearted and rather selfish "
            "is to be ill disposed",
            "sense_and_sensibility_01_austen_64kb-0920.wav": "had he married a more amiable woman he might have been "
            "made still more respectable than he was",
            "sense_and_sensibility_01_austen_64kb-0930.wav": "he might even have been made amiable himself",
        },
    ),
    Source(
        "pocketsphinx-testdata", "BSD-2-Clause", "several men", "usr/share/pocketsphinx/test/data", _RAW,
        {
            "goforward.raw": "go forward ten meters",
            "something.raw": "go somewhere and do something",
            "tidigits/dhd.2934z.raw": "two nine three four zero",
        },
    ),
    Source(
        "alsa-utils", "GPL-2.0", "a man", "usr/share/sounds/alsa", _WAVE,
        {
            "Front_Center.wav": "front center",
            "Front_Left.wav": "front left",
            "Rear_Right.wav": "rear right",
            "Side_Left.wav": "side left",
        },
    ),
    Source(
        "asterisk-core-sounds-en-g722", "CC-BY-SA-3.0", "Allison Smith",
        "usr/share/asterisk/sounds/en_US_f_Allison", _G722,
        {
            "conf-onlyperson.g722": "you are currently the only person in this conference",
            "conf-invalid.g722": "that is not a valid conference number please try again",
            "conf-leaderhasleft.g722": "the leader has left the conference",
            "all-circuits-busy-now.g722": "all circuits are busy now",
            "cannot-complete-as-dialed.g722": "your call cannot be completed as dialed",
            "tt-somethingwrong.g722": "something is terribly wrong",
            "vm-nobodyavail.g722": "nobody is available to take your call at the moment",
            "vm-mailboxfull.g722": "sorry but the user's mailbox can't accept more messages",
            "queue-youarenext.g722": "your call is now first in line and will be answered by the next available "
            "representative",
            "queue-thankyou.g722": "thank you for your patience",
            "pls-hold-while-try.g722": "please hold while we try to connect you",
            "dir-welcome.g722": "welcome to the directory",
            "privacy-prompt.g722": "please enter your phone number starting with the area code",
        },
    ),
)  # fmt: skip


class FetchError(Exception):
    """A package or a program is not to be had; the message says which and why."""


def fetch(out: Path) -> int:
    """Download the packages, without installing them, and write each recording as WAV (16 kHz, mono, int16) and text.

    `sources.json` gives package, version, licence and speaker of each. Needs apt, dpkg and ffmpeg.

    Returns:
        How many recordings there are.

    Raises:
        FetchError: see there.
    """
    out.mkdir(parents=True, exist_ok=True)
    listed: dict[str, dict[str, str]] = {}
    with tempfile.TemporaryDirectory() as folder:
        versions = {package: _unpacked(package, Path(folder)) for package in {one.package for one in SOURCES}}
        for source in SOURCES:
            for name, words in source.said.items():
                stem = f"{source.package.partition('-')[0]}-{Path(name).stem}".lower()
                samples = _decoded(Path(folder) / source.package / source.folder / name, source.form)
                with wave.open(str(out / f"{stem}.wav"), "wb") as file:
                    file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
                    file.writeframes(samples)
                (out / f"{stem}.txt").write_text(words + "\n")
                about = {field: text for field, text in asdict(source).items() if field in _TOLD}
                listed[f"{stem}.wav"] = about | {"file": name, "version": versions[source.package]}
    (out / "sources.json").write_text(json.dumps(listed, indent=1) + "\n")
    return len(listed)


_TOLD = ("package", "licence", "speaker")


def _unpacked(package: str, folder: Path) -> str:
    """Unpack a Debian package into `folder/package`; its version."""
    _run(["apt-get", "download", "--quiet", package], folder)
    archive = next(folder.glob(f"{package}_*.deb"))
    _run(["dpkg-deb", "--extract", str(archive), str(folder / package)], folder)
    return _run(["dpkg-deb", "--field", str(archive), "Version"], folder).decode().strip()


def _decoded(path: Path, form: tuple[str, ...]) -> bytes:
    """Samples of a recording, int16, 16 kHz, mono."""
    if not path.exists():
        raise FetchError(f"{path.name} is not in its package any more")
    command = ["ffmpeg", "-loglevel", "error", *form, "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", str(RATE), "-"]
    return _run(command, path.parent)


def _run(command: list[str], folder: Path) -> bytes:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise FetchError(f"{command[0]} is not installed") from error
    if done.returncode:
        raise FetchError(f"{' '.join(command[:3])} returned {done.returncode}: {done.stderr.decode()[-300:]}")
    return done.stdout


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the recordings")
    try:
        count = fetch(parser.parse_args().out)
    except FetchError as error:
        print(f"human: {error}", file=sys.stderr)
        return 1
    print(f"{count} recordings")
    return 0


if __name__ == "__main__":
    sys.exit(main())
