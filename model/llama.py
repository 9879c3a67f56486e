"""llama.cpp, as much of it as the decoder and the aligner need.

This file owns the native library: models, contexts, batches, logits, the abort callback. It is the only importer of
`llama_cpp`, of which it uses the C API alone. It knows nothing of prompts or of speech.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import llama_cpp.llama_cpp as api
import numpy as np
import numpy.typing as npt

from model.beat import Beat, steady
from model.errors import Cancelled, ModelError

Floats = npt.NDArray[np.float32]

BATCH = 512
"""Tokens that one call of the library computes at most."""
_BEAT_NS = 10_000_000
"""The library asks whether to abort at every node of its graph; the beat is passed on only this often."""
_ABORTED = 2
_ERROR_LEVEL = 4
"""GGML_LOG_LEVEL_ERROR of ggml.h."""
_STEP = 1024
"""Contexts grow by whole steps of this many tokens."""

_errors: deque[str] = deque(maxlen=8)


@api.llama_log_callback
def _log(level: int, text: bytes, _: ctypes.c_void_p) -> None:
    """Keep the library's errors for our own messages, and let nothing of it reach the screen."""
    if level == _ERROR_LEVEL:
        _errors.append(text.decode("utf-8", "replace").strip())


class Llama:
    """One model and one context of one sequence.

    Positions count from 0; `feed_*` append at the end of what is remembered.

    Args:
        path: a GGUF file.
        threads: of the arithmetic.
        hidden: give final hidden states instead of logits.

    Raises:
        ModelError: the file cannot be loaded; says why.
    """

    def __init__(self, path: Path, threads: int = 1, *, hidden: bool = False) -> None:
        self.path = path
        self._threads = threads
        self._hidden = hidden
        self._beat: Beat = steady
        self._asked_ns = 0
        self._aborted = False
        self._raised: BaseException | None = None
        self._length = 0
        self._capacity = 0
        self._context: api.llama_context_p | None = None
        self._model = _load(path)
        self._vocabulary = api.llama_model_get_vocab(self._model)
        self.width = api.llama_model_n_embd(self._model)
        self.vocabulary_size = api.llama_vocab_n_tokens(self._vocabulary)
        self.longest = api.llama_model_n_ctx_train(self._model)
        self._on_node = api.ggml_abort_callback(self._should_abort)
        self.reserve(_STEP)

    def __len__(self) -> int:
        """Tokens that the context remembers."""
        return self._length

    def close(self) -> None:
        """Free context and model; the object is of no use afterwards."""
        if self._context is not None:
            api.llama_free(self._context)
            self._context = None
        if self._model is not None:
            api.llama_model_free(self._model)
            self._model = None

    def reserve(self, tokens: int) -> None:
        """Make room for this many tokens; growing forgets what was remembered.

        Raises:
            ModelError: more than the model can hold, or no memory for it.
        """
        if tokens <= self._capacity:
            return
        if tokens > self.longest:
            raise ModelError(
                f"{tokens} tokens do not fit into the model's context of {self.longest}", "Use a shorter recording."
            )
        wanted = min(self.longest, -(-tokens // _STEP) * _STEP)
        if self._context is not None:
            api.llama_free(self._context)
            self._context = None
        _errors.clear()
        context = api.llama_init_from_model(self._model, self._parameters(wanted))
        if not context:
            raise ModelError(f"no context of {wanted} tokens for {self.path}: {_reason()}", "Free some memory.")
        self._context = context
        self._capacity = wanted
        self._length = 0

    def clear(self) -> None:
        """Forget everything."""
        api.llama_memory_clear(api.llama_get_memory(self._context), False)
        self._length = 0

    def truncate(self, length: int) -> None:
        """Forget what stands from position `length` on."""
        api.llama_memory_seq_rm(api.llama_get_memory(self._context), 0, length, -1)
        self._length = min(self._length, length)

    def feed_tokens(self, tokens: Sequence[int], beat: Beat = steady, outputs: int = 0) -> Floats:
        """Append tokens.

        Args:
            tokens: ids to append.
            beat: called about every 10 ms.
            outputs: of how many of the last tokens the result is wanted.

        Returns:
            float32[outputs, vocabulary_size], logits; or float32[outputs, width], hidden states.

        Raises:
            Cancelled: `beat` asked for it; everything is forgotten.
            ModelError: no room, or the library failed; everything is forgotten.
        """
        return self._feed(np.asarray(tokens, dtype=np.int32), beat, outputs)

    def feed_embeddings(self, embeddings: Floats, beat: Beat = steady) -> None:
        """Append float32[n, width] in the place of n tokens; errors as in `feed_tokens`."""
        if embeddings.ndim != 2 or embeddings.shape[1] != self.width:
            raise ModelError(
                f"embeddings of shape {embeddings.shape} for a decoder of width {self.width}",
                "Encoder and decoder are not of the same model; convert it again.",
            )
        self._feed(np.ascontiguousarray(embeddings, dtype=np.float32), beat, 0)

    def tokenise(self, text: str, *, special: bool = False) -> list[int]:
        """Token ids of a text; control tokens written in it are recognised only with `special`."""
        data = text.encode("utf-8")
        room = len(data) + 8
        buffer = (api.llama_token * room)()
        count = api.llama_tokenize(self._vocabulary, data, len(data), buffer, room, False, special)
        if count < 0:
            raise ModelError(f"{self.path}: the text cannot be tokenised", "Convert or fetch the model again.")
        return list(buffer[:count])

    def control(self, name: str) -> int:
        """Id of a control token, such as "<|im_end|>".

        Raises:
            ModelError: the vocabulary has none of this name.
        """
        ids = self.tokenise(name, special=True)
        if len(ids) != 1:
            raise ModelError(f"{self.path} has no token {name}", "This is no decoder of Qwen3-ASR.")
        return ids[0]

    def piece(self, token: int) -> bytes:
        """The bytes that a token stands for; nothing for a control token."""
        if not 0 <= token < self.vocabulary_size:
            raise ModelError(f"{self.path} has no token {token}", "The tokens come from another model.")
        size = 32
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = api.llama_token_to_piece(self._vocabulary, token, buffer, size, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            size = -count

    def _feed(self, items: npt.NDArray[np.int32] | Floats, beat: Beat, outputs: int) -> Floats:
        count = len(items)
        if self._length + count > self._capacity:
            raise ModelError(f"a context of {self._capacity} tokens is full", "Use a shorter recording.")
        if self._hidden:
            # With hidden states on, the library computes them, and the logits, of every token: only where wanted.
            api.llama_set_embeddings(self._context, outputs > 0)
        rows = [np.empty((0, self.width if self._hidden else self.vocabulary_size), dtype=np.float32)]
        for start in range(0, count, BATCH):
            part = items[start : start + BATCH]
            wanted = max(0, min(len(part), start + len(part) - (count - outputs)))
            self._compute(part, beat, wanted)
            rows.extend(self._row(len(part) - wanted + i) for i in range(wanted))
        return np.concatenate(rows)

    def _compute(self, part: npt.NDArray[np.int32] | Floats, beat: Beat, wanted: int) -> None:
        """One call of the library."""
        count = len(part)
        batch = api.llama_batch_init(count, part.shape[1] if part.ndim == 2 else 0, 1)
        try:
            target = batch.embd if part.ndim == 2 else batch.token
            ctypes.memmove(target, np.ascontiguousarray(part).ctypes.data, part.nbytes)
            batch.n_tokens = count
            for i in range(count):
                batch.pos[i] = self._length + i
                batch.n_seq_id[i] = 1
                batch.seq_id[i][0] = 0
                batch.logits[i] = i >= count - wanted
            self._beat, self._asked_ns, self._aborted = beat, time.monotonic_ns(), False
            _errors.clear()
            result = api.llama_decode(self._context, batch)
        finally:
            self._beat = steady
            api.llama_batch_free(batch)
        if result == 0:
            self._length += count
            return
        self.clear()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        if result == _ABORTED and self._aborted:
            raise Cancelled("the work was given up")
        raise ModelError(
            f"{self.path}: llama.cpp failed with {result}: {_reason()}", "Convert or fetch the model again."
        )

    def _row(self, index: int) -> Floats:
        """Logits or hidden state of a token of the last call."""
        get = api.llama_get_embeddings_ith if self._hidden else api.llama_get_logits_ith
        width = self.width if self._hidden else self.vocabulary_size
        return np.ctypeslib.as_array(get(self._context, index), shape=(width,)).copy()[None]

    def _should_abort(self, _: ctypes.c_void_p) -> bool:
        now = time.monotonic_ns()
        if not self._aborted and now - self._asked_ns >= _BEAT_NS:
            self._asked_ns = now
            try:
                self._aborted = self._beat()
            except BaseException as error:  # none can pass through the library: raised again behind it
                self._raised = error
                self._aborted = True
        return self._aborted

    def _parameters(self, capacity: int) -> api.llama_context_params:
        parameters = api.llama_context_default_params()
        parameters.n_ctx = capacity
        parameters.n_batch = BATCH
        parameters.n_ubatch = BATCH
        parameters.n_seq_max = 1
        parameters.n_threads = self._threads
        parameters.n_threads_batch = self._threads
        parameters.pooling_type = api.LLAMA_POOLING_TYPE_NONE
        parameters.embeddings = self._hidden
        parameters.no_perf = True
        parameters.abort_callback = self._on_node
        return parameters


def _load(path: Path) -> api.llama_model_p | None:
    if not path.is_file():
        raise ModelError(f"{path} is missing", "Convert or fetch the model again.")
    api.llama_log_set(_log, ctypes.c_void_p(0))
    api.llama_backend_init()
    _errors.clear()
    parameters = api.llama_model_default_params()
    parameters.n_gpu_layers = 0
    model = api.llama_model_load_from_file(os.fsencode(path), parameters)
    if not model:
        raise ModelError(f"{path} cannot be loaded: {_reason()}", "Convert or fetch the model again.")
    return model


def _reason() -> str:
    return " ".join(_errors) or "no reason given"
