"""llama.cpp, as much of it as the decoder and the aligner need.

This file owns models, contexts and their sequences, and logits. The library itself comes through `model.llama_library`.
It knows nothing of prompts or of speech.

A decoder on a GPU gives no beats while a batch is computed: the library asks whether to abort on the CPU alone. There
the beat comes before each batch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model.beat import Beat, steady
from model.errors import ModelError
from model.likelihood import Choice, most_likely
from model.llama_abort import Abort
from model.llama_batch import BATCH, OUTPUTS, Batch, Items, pieces
from model.llama_library import ALL_LAYERS, api, is_unquantised, load_model, reason, start
from model.llama_vocabulary import Vocabulary

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]

_ABORTED = 2
_STEP = 1024
"""Contexts grow by whole steps of this many tokens."""


class Llama:
    """One model, and one context in which sequences of tokens are remembered.

    The sequences share the room of the context, cell by cell: one token of one sequence takes one cell, and so does a
    token that was copied to others. Each has positions from 0; `feed_*` and `choose` append at its end.

    Args:
        path: a GGUF file of one of the architectures that Steno runs.
        threads: of the arithmetic.
        hidden: give final hidden states instead of logits.
        gpu_layers: layers that a GPU computes, the output matrix counted as one; more than there are, for all of
            them. ALL_LAYERS is all where there is a GPU, else none.
        sequences: how many there are, with ids from 0.
        room: tokens to make room for at once, as far as the model can hold them.

    Raises:
        ModelError: the file cannot be loaded, or layers were asked for and there is no GPU; says why.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        *,
        hidden: bool = False,
        gpu_layers: int = ALL_LAYERS,
        sequences: int = 1,
        room: int = _STEP,
    ) -> None:
        self.path = path
        self._threads = threads
        self._hidden = hidden
        self._abort = Abort()
        self._cells: list[list[int]] = [[] for _ in range(sequences)]
        self._born = 0
        self.capacity = 0
        """Cells of the context."""
        self._context: api.llama_context_p | None = None
        self._model: api.llama_model_p | None
        self._model, self.gpu_layers = load_model(path, gpu_layers)
        self.vocabulary = Vocabulary(self._model, path)
        self.width: int = api.llama_model_n_embd(self._model)
        self.longest: int = api.llama_model_n_ctx_train(self._model)
        # With "deepstack" a row holds what is added at further layers too: for sound, nothing.
        self._row_width = api.llama_model_n_embd_inp(self._model)
        kinds = (api.LLAMA_ROPE_TYPE_MROPE, api.LLAMA_ROPE_TYPE_IMROPE)
        self._three_positions = api.llama_model_rope_type(self._model) in kinds
        # Unquantised weights meet a lone token, or a lone result, in another kernel, which rounds otherwise. Beside a
        # second one it comes out bit for bit as in any batch: then nothing hangs on how an answer was cut into batches.
        self._pairs = not hidden and not self.gpu_layers and is_unquantised(self._model)
        self.reserve(min(self.longest, room))

    def length(self, sequence: int = 0) -> int:
        """Tokens that a sequence remembers."""
        return len(self._cells[sequence])

    @property
    def free(self) -> int:
        """Cells that hold nothing."""
        return self.capacity - len(set(chain.from_iterable(self._cells)))

    def close(self) -> None:
        """Free context and model; the object is of no use afterwards."""
        if self._context is not None:
            api.llama_free(self._context)
            self._context = None
        if self._model is not None:
            api.llama_model_free(self._model)
            self._model = None

    def reserve(self, tokens: int) -> None:
        """Make room for this many tokens in all sequences together; growing forgets all that was remembered.

        Raises:
            ModelError: more than the model can hold, or no memory for it.
        """
        if tokens <= self.capacity:
            return
        if tokens > self.longest:
            raise ModelError(
                f"{tokens} tokens do not fit into the model's context of {self.longest}", "Use a shorter recording."
            )
        wanted = min(self.longest, -(-tokens // _STEP) * _STEP)
        if self._context is not None:
            api.llama_free(self._context)
            self._context = None
            self.capacity = 0
        for cells in self._cells:
            cells.clear()
        start()
        context = api.llama_init_from_model(self._model, self._parameters(wanted))
        if not context:
            raise ModelError(f"no context of {wanted} tokens for {self.path}: {reason()}", "Free some memory.")
        self._context = context
        self.capacity = wanted

    def clear(self, sequence: int = 0) -> None:
        """Forget a sequence."""
        self.truncate(0, sequence)

    def truncate(self, length: int, sequence: int = 0) -> None:
        """Forget what stands from position `length` on."""
        if length < len(self._cells[sequence]):
            api.llama_memory_seq_rm(api.llama_get_memory(self._context), sequence, length, -1)
            del self._cells[sequence][length:]

    def copy(self, source: int, target: int, length: int) -> None:
        """Let one sequence be the beginning of another, so many tokens; costs neither time nor cells."""
        self.clear(target)
        api.llama_memory_seq_cp(api.llama_get_memory(self._context), source, target, 0, length)
        self._cells[target] = self._cells[source][:length]

    def feed_tokens(
        self,
        tokens: Sequence[int],
        beat: Beat = steady,
        outputs: int | Sequence[int] = 0,
        most: int | None = None,
        sequence: int = 0,
    ) -> Floats:
        """Append tokens.

        Args:
            tokens: ids to append.
            beat: called about every 10 ms.
            outputs: of how many of the last tokens the result is wanted, or the places in `tokens` of those whose
                result is wanted, rising.
            most: so many numbers of each result, its first ones, are wanted; None for all.
            sequence: to which.

        Returns:
            float32[outputs, vocabulary.size], logits; or float32[outputs, width], hidden states.

        Raises:
            Cancelled: `beat` asked for it. What was appended until then stays; `length` says how much.
            ModelError: no room, or the library failed; the same.
        """
        count = len(tokens)
        places = range(count - outputs, count) if isinstance(outputs, int) else outputs
        width = self.width if self._hidden else self.vocabulary.size
        rows = np.empty((len(places), width if most is None else min(width, most)), dtype=np.float32)

        def keep(row: int, result: Floats) -> None:
            rows[row] = result[: rows.shape[1]]
            self._check_numbers(rows[row])

        self._feed(np.asarray(tokens, dtype=np.int32), beat, places, sequence, keep)
        return rows

    def choose(self, tokens: Sequence[int], first: int, beat: Beat = steady, sequence: int = 0) -> list[Choice]:
        """Append tokens, and say for those from place `first` on which token the model rates highest after each.

        Of several that it rates alike, the one with the lowest id. Errors as in `feed_tokens`; not for a model with
        hidden states.
        """
        chosen: list[Choice] = []

        def keep(_: int, result: Floats) -> None:
            chosen.append(most_likely(result))
            best = chosen[-1].token  # the first that is no number, if there is one
            self._check_numbers(result[best : best + 1])

        self._feed(np.asarray(tokens, dtype=np.int32), beat, range(first, len(tokens)), sequence, keep)
        return chosen

    def feed_embeddings(self, embeddings: Floats, beat: Beat = steady, sequence: int = 0) -> None:
        """Append float32[n, width] in the place of n tokens; errors as in `feed_tokens`."""
        self.check_embeddings(embeddings)
        rows = embeddings
        if self._row_width != self.width:
            rows = np.zeros((len(embeddings), self._row_width), dtype=np.float32)
            rows[:, : self.width] = embeddings
        self._feed(rows, beat, (), sequence, lambda _row, _result: None)

    def check_embeddings(self, embeddings: Floats) -> None:
        """See that they are finite and have the shape [n, width].

        Raises:
            ModelError: they are not, or have another one.
        """
        if embeddings.ndim != 2 or embeddings.shape[1] != self.width:
            raise ModelError(
                f"{self.path} has width {self.width}, the embeddings have the shape {embeddings.shape}",
                "Encoder and decoder are not of the same model; convert it again.",
            )
        if not np.isfinite(embeddings).all():
            raise ModelError("the encoder gave values that are no numbers", "Choose another precision for it.")

    def _check_numbers(self, result: Floats) -> None:
        """Raise where there is none, and forget everything: what is no number spoils other sequences, masked or not."""
        if np.isnan(result).any():
            api.llama_memory_clear(api.llama_get_memory(self._context), True)
            self._cells = [[] for _ in self._cells]
            raise ModelError(f"{self.path} gave values that are no numbers", "Choose another precision for it.")

    def _feed(
        self, items: Items, beat: Beat, places: Sequence[int], sequence: int, keep: Callable[[int, Floats], None]
    ) -> None:
        """Append, and show `keep` the result at each of the places while the library still has it."""
        if sum(map(len, self._cells)) + len(items) > self.capacity and len(items) > self.free:
            raise ModelError(f"a context of {self.capacity} tokens is full", "Use a shorter recording.")
        for begin, end, first, last in pieces(len(items), places, all_come_out=self._hidden):
            wanted = [place - begin for place in places[first:last]]
            self._compute(items[begin:end], beat, wanted, sequence)
            for row, place in enumerate(wanted, start=first):
                keep(row, self._row(place))

    def _compute(self, part: Items, beat: Beat, wanted: Sequence[int], sequence: int) -> None:
        """One call of the library."""
        if self._hidden:
            # With hidden states on, the library computes them, and the logits, of every token: only where wanted.
            api.llama_set_embeddings(self._context, len(wanted) > 0)
        cells = self._cells[sequence]
        paired = self._pairs and len(part) == 1 and self.free > 1
        items = part if not paired else np.concatenate([part, part])
        if self._pairs and len(wanted) == 1 and len(items) > 1:
            wanted = [wanted[0] - 1, wanted[0]] if wanted[0] else [0, 1]
        batch = Batch(items, len(cells), wanted, sequence, three_positions=self._three_positions)
        self._abort.begin(beat)
        start()
        try:
            stop = self.gpu_layers > 0 and self._abort.ask()
            result = _ABORTED if stop else api.llama_decode(self._context, batch.native)
        finally:
            self._abort.end()
        if result:
            # A call that fails leaves nothing of itself (`llama_context::decode` of llama-context.cpp): it has no more
            # tokens than are computed at once. Said again here, since all that follows rests on it.
            api.llama_memory_seq_rm(api.llama_get_memory(self._context), sequence, len(cells), -1)
            self._abort.check()
            raise ModelError(
                f"{self.path}: llama.cpp failed with {result}: {reason()}", "Convert or fetch the model again."
            )
        if paired:
            api.llama_memory_seq_rm(api.llama_get_memory(self._context), sequence, len(cells) + 1, -1)
        cells.extend(range(self._born, self._born + len(part)))
        self._born += len(part)

    def _row(self, place: int) -> Floats:
        """Logits or hidden state of a token of the last call; only valid until the next."""
        if self._hidden:
            return np.ctypeslib.as_array(api.llama_get_embeddings_ith(self._context, place), (self.width,))
        return np.ctypeslib.as_array(api.llama_get_logits_ith(self._context, place), (self.vocabulary.size,))

    def _parameters(self, capacity: int) -> api.llama_context_params:
        parameters = api.llama_context_default_params()
        parameters.n_ctx = capacity
        parameters.n_batch = BATCH
        parameters.n_ubatch = BATCH
        parameters.n_seq_max = len(self._cells)
        parameters.kv_unified = True
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
        parameters.abort_callback = self._abort.native
        return parameters
