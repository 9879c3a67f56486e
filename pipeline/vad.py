"""Speech or not, 20 ms at a time: the one file that knows webrtcvad.

This file owns the detector of one source. It does not know utterances: `pipeline.segmenter` smooths its answers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from model.errors import StenoError
from pipeline.messages import FRAME_SAMPLES, SAMPLE_RATE

OVERHANG_MS = (140, 140, 100, 100)
"""For each aggressiveness: so long the detector goes on hearing speech after its end. Source: `kOverHangMax2*` of
WebRTC's vad_core.c, for frames of 20 ms."""


class Vad:
    """WebRTC's voice activity detector. It adapts to the noise it hears, so each source needs its own.

    Args:
        aggressiveness: 0 lets most pass as speech, 3 the least.

    Raises:
        StenoError: the library cannot be loaded. Without it everything would count as silence, so nothing goes on.
    """

    def __init__(self, aggressiveness: int) -> None:
        try:
            import webrtcvad
        except (ImportError, OSError) as error:
            raise StenoError(
                f"the voice activity detector cannot be loaded: {error}",
                "Install it into Steno's environment: pip install webrtcvad-wheels",
            ) from None
        self._vad = webrtcvad.Vad(aggressiveness)

    def is_speech(self, frame: npt.NDArray[np.int16]) -> bool:
        """Whether this frame, int16[320] at 16 kHz, holds speech. Frames follow each other without a gap.

        Raises:
            ValueError: not int16[320].
        """
        if frame.dtype != np.int16 or frame.shape != (FRAME_SAMPLES,):
            raise ValueError(f"a frame is int16[{FRAME_SAMPLES}], not {frame.dtype}{list(frame.shape)}")
        return bool(self._vad.is_speech(frame.tobytes(), SAMPLE_RATE))
