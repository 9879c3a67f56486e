"""Sound sent into a private daemon faster than it was ever spoken, and the events that came of it.

It owns the pace and the reading of one source's events. It does not know what they mean.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from clients.follower import Item
from clients.network_source import NetworkSource
from clients.private_daemon import PrivateDaemon
from clients.subscription import Subscription
from pipeline import commands, events
from pipeline.messages import SAMPLE_RATE

Int16 = npt.NDArray[np.int16]


def paced(blocks: Iterable[Int16], speed: float) -> Iterator[Int16]:
    """The same blocks, none before its last sample would have been captured at this speed; 0 does not wait."""
    begin, sent = time.monotonic(), 0
    for block in blocks:
        sent += len(block)
        if speed:
            time.sleep(max(0.0, begin + sent / SAMPLE_RATE / speed - time.monotonic()))
        yield block


def feed(
    daemon: PrivateDaemon,
    request: commands.Open,
    blocks: Iterable[Int16],
    take: Callable[[events.Any], None],
    look: Callable[[commands.ProgressReply], None] = lambda progress: None,
) -> None:
    """Send the blocks as fast as they come and the daemon keeps up, no further ahead than `NetworkSource` goes.

    Args:
        daemon: ready.
        request: opens the source, not a private one.
        blocks: int16 mono at 16 kHz.
        take: given every event of the source, and those of the daemon itself.
        look: given the source's progress, about once a second of sound.

    Raises:
        StenoError: the daemon or the source has gone.
    """
    with NetworkSource(daemon.wire, request) as source:
        subscription = Subscription(daemon.wire)
        subscription.first()

        def hand_on(items: Iterable[Item]) -> None:
            for item in items:
                if item.event is not None and getattr(item.event, "source", source.id) == source.id:
                    take(item.event)

        def idle(progress: commands.ProgressReply) -> None:
            daemon.check()
            while items := subscription.receive(0):
                hand_on(items)
            look(progress)

        source.play(blocks, 0.0, idle)
        hand_on(subscription.drain())
        subscription.close()
