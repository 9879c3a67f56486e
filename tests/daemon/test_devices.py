"""Which device a name means, and what is said when it means none or several."""

from __future__ import annotations

import pytest

from daemon.sources.devices import Device, choose
from model.errors import AudioError


def device(name: str, index: int, host_api: str = "ALSA", default: bool = False) -> Device:
    return Device(name=name, host_api=host_api, channels=2, rate=48000, default=default, index=index)


DEVICES = [device("USB Mic", 0), device("USB Mic Pro", 1), device("Webcam", 2, default=True), device("default", 3)]


@pytest.mark.parametrize(
    ("name", "index"), [("USB Mic", 0), ("USB Mic Pro", 1), ("webCAM", 2), ("pro", 1), ("default", 2)]
)
def test_a_name_means_its_exact_device_else_the_only_one_that_holds_it(name: str, index: int) -> None:
    assert choose(DEVICES, name).index == index


def test_without_a_default_the_first_device_is_it() -> None:
    assert choose(DEVICES[:2], "default").index == 0


def test_a_name_that_means_several_lists_them() -> None:
    with pytest.raises(AudioError, match="several microphones match 'usb': 'USB Mic', 'USB Mic Pro'"):
        choose(DEVICES, "usb")


def test_a_name_that_means_none_lists_what_there_is() -> None:
    with pytest.raises(AudioError, match=r"no microphone matches 'Blue'; there is: 'USB Mic', .* 'Webcam'"):
        choose(DEVICES, "Blue")


def test_without_any_device_there_is_no_microphone() -> None:
    with pytest.raises(AudioError, match="there is no microphone"):
        choose([], "default")


def test_one_device_under_two_host_apis_is_one_device() -> None:
    twice = [device("Mic", 0, "MME"), device("Mic", 1, "WASAPI")]
    assert choose(twice, "mic").index == 0
