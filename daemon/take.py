"""A take: the sound between a press and its release, or between `start` and `stop`, and what was wanted of it.

It owns the moments and the wishes. It does not know samples: each track finds its own for the moments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from daemon.utterance import Options

Output = Literal["", "final", "commit", "live"]


@dataclass
class Take:
    """See the top of the file. Moments are nanoseconds of the monotonic clock.

    The one with number 0 is what a daemon hears that listens always, and what a source holds that no `start` rules.
    """

    number: int = 0
    begin_ns: int = 0
    """The press; 0 lies before all sound."""
    pre_roll_ms: int = 0
    """Sound before the press that belongs to it."""
    held: bool = False
    """All that is said is one utterance, whatever its pauses; may change while it goes on."""
    language: str | None = None
    """None takes that of the source."""
    context: str | None = None
    """None takes that of the source."""
    added: str = ""
    """Context that was learned since."""
    output: Output = ""
    owner: int = 0
    """Process id of the client that will end it; 0 for none."""
    release_ns: int | None = None
    """The release; None while the take goes on."""

    def add_context(self, context: str) -> None:
        """More of it, for utterances that are still to open."""
        self.added = "\n".join(filter(None, (self.added, context)))

    def applied(self, options: Options) -> Options:
        """What the source asks for, with what was wanted of this take in its place."""
        context = options.context if self.context is None else self.context
        return replace(
            options,
            language=options.language if self.language is None else self.language,
            context="\n".join(filter(None, (context, self.added))),
            commit=options.commit or self.output in ("commit", "live"),
        )
