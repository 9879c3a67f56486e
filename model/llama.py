"""llama.cpp, as much of it as the decoder and the aligner need.

This file owns models, contexts, batches, logits and the abort callback. The library itself comes through
`model.llama_library`. It knows nothing of prompts or of speech.

A decoder on a GPU gives no beats while a batch is computed: the library asks whether to abort on the CPU alone. There
the beat comes before each batch.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.beat import Beat, steady
from model.errors import Cancelled, ModelError
from model.llama_batch import BATCH, OUTPUTS, Batch, Items, pieces
from model.llama_library import ALL_LAYERS, api, load_model, reason, start

Floats = npt.NDArray[np.float32]

_BEAT_NS = 10_000_000
"""The library asks whether to abort at every node of its graph; the beat is passed on only this often."""
_ABORTED = 2
_STEP = 1024
"""Contexts grow by whole steps of this many tokens."""


class Llama:
    """One model and one context of one sequence.

    Positions count from 0; `feed_*` append at the end of what is remembered.

    Args:
        path: a GGUF file of one of the architectures that Steno runs.
        threads: of the arithmetic.
        hidden: give final hidden states instead of logits.
        gpu_layers: layers that a GPU computes, the output matrix counted as one; more than there are, for all of
            them. ALL_LAYERS is all where there is a GPU, else none.

    Raises:
        ModelError: the file cannot be loaded, or layers were asked for and there is no GPU; says why.
    """

    def __init__(self, path: Path, threads: int = 1, *, hidden: bool = False, gpu_layers: int = ALL_LAYERS) -> None:
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
        self._model: api.llama_model_p | None
        self._model, self.gpu_layers = load_model(path, gpu_layers)
        self._vocabulary = api.llama_model_get_vocab(self._model)
        self.width = api.llama_model_n_embd(self._model)
        self.vocabulary_size = api.llama_vocab_n_tokens(self._vocabulary)
        self.longest = api.llama_model_n_ctx_train(self._model)
        # With "deepstack" a row holds what is added at further layers too: for sound, nothing.
        self._row_width = api.llama_model_n_embd_inp(self._model)
        kinds = (api.LLAMA_ROPE_TYPE_MROPE, api.LLAMA_ROPE_TYPE_IMROPE)
        self._three_positions = api.llama_model_rope_type(self._model) in kinds
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
            self._capacity = 0
        start()
        context = api.llama_init_from_model(self._model, self._parameters(wanted))
        if not context:
            raise ModelError(f"no context of {wanted} tokens for {self.path}: {reason()}", "Free some memory.")
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

    def feed_tokens(
        self, tokens: Sequence[int], beat: Beat = steady, outputs: int | Sequence[int] = 0, most: int | None = None
    ) -> Floats:
        """Append tokens.

        Args:
            tokens: ids to append.
            beat: called about every 10 ms.
            outputs: of how many of the last tokens the result is wanted, or the places in `tokens` of those whose
                result is wanted, rising.
            most: so many numbers of each result, its first ones, are wanted; None for all.

        Returns:
            float32[outputs, vocabulary_size], logits; or float32[outputs, width], hidden states.

        Raises:
            Cancelled: `beat` asked for it; everything is forgotten.
            ModelError: no room, or the library failed; everything is forgotten.
        """
        count = len(tokens)
        places = range(count - outputs, count) if isinstance(outputs, int) else outputs
        return self._feed(np.asarray(tokens, dtype=np.int32), beat, places, most)

    def feed_embeddings(self, embeddings: Floats, beat: Beat = steady) -> None:
        """Append float32[n, width] in the place of n tokens; errors as in `feed_tokens`."""
        if embeddings.ndim != 2 or embeddings.shape[1] != self.width:
            raise ModelError(
                f"{self.path} has width {self.width}, the embeddings have the shape {embeddings.shape}",
                "Encoder and decoder are not of the same model; convert it again.",
            )
        rows = np.zeros((len(embeddings), self._row_width), dtype=np.float32)
        rows[:, : self.width] = embeddings
        self._feed(rows, beat, ())

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

    def _feed(self, items: Items, beat: Beat, places: Sequence[int], most: int | None = None) -> Floats:
        if self._length + len(items) > self._capacity:
            raise ModelError(f"a context of {self._capacity} tokens is full", "Use a shorter recording.")
        width = self.width if self._hidden else self.vocabulary_size
        rows = np.empty((len(places), width if most is None else min(width, most)), dtype=np.float32)
        for begin, end, first, last in pieces(len(items), places, all_come_out=self._hidden):
            wanted = [place - begin for place in places[first:last]]
            self._compute(items[begin:end], beat, wanted)
            for row, place in enumerate(wanted, start=first):
                rows[row] = self._row(place, width)[: rows.shape[1]]
        return rows

    def _compute(self, part: Items, beat: Beat, wanted: Sequence[int]) -> None:
        """One call of the library."""
        if self._hidden:
            # With hidden states on, the library computes them, and the logits, of every token: only where wanted.
            api.llama_set_embeddings(self._context, len(wanted) > 0)
        batch = Batch(part, self._length, wanted, three_positions=self._three_positions)
        self._beat, self._asked_ns, self._aborted = beat, time.monotonic_ns(), False
        start()
        try:
            result = _ABORTED if self.gpu_layers and self._ask() else api.llama_decode(self._context, batch.native)
        finally:
            self._beat = steady
        if result:
            self._fail(result)
        self._length += len(part)

    def _fail(self, result: int) -> None:
        """Forget everything and raise what a call's result means."""
        self.clear()
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised
        if result == _ABORTED and self._aborted:
            raise Cancelled("the work was given up")
        raise ModelError(
            f"{self.path}: llama.cpp failed with {result}: {reason()}", "Convert or fetch the model again."
        )

    def _row(self, place: int, width: int) -> Floats:
        """Logits or hidden state of a token of the last call; only valid until the next."""
        get = api.llama_get_embeddings_ith if self._hidden else api.llama_get_logits_ith
        return np.ctypeslib.as_array(get(self._context, place), shape=(width,))

    def _should_abort(self, _: ctypes.c_void_p) -> bool:
        return self._aborted or (time.monotonic_ns() - self._asked_ns >= _BEAT_NS and self._ask())

    def _ask(self) -> bool:
        """Beat; whether to abort."""
        self._asked_ns = time.monotonic_ns()
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
        parameters.n_outputs_max = OUTPUTS
        parameters.n_threads = self._threads
        parameters.n_threads_batch = self._threads
        parameters.pooling_type = api.LLAMA_POOLING_TYPE_NONE
        if self.gpu_layers == 0:
            # Flash attention on a CPU adds values up in float16: its error grows with the length of the sound.
            parameters.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        parameters.embeddings = self._hidden
        # Without layers on a GPU nothing else goes there either.
        parameters.offload_kqv = parameters.op_offload = self.gpu_layers > 0
        parameters.no_perf = True
        parameters.abort_callback = self._on_node
        return parameters
