"""In which precisions a conversion writes a model, and how many bits a weight then has.

This file owns the names alone, so that whoever only chooses among them loads no library. It does not know how a
precision is made.
"""

from __future__ import annotations

VERSION = 2
"""Of what the converter writes; raised whenever the same checkpoint would give other files."""
ENCODERS = ("fp32", "fp16", "int8", "int4")
QUANTISED = ("q8_0", "q6_k", "q5_k", "q4_k", "q4_0")
"""What llama.cpp makes of the float16 decoder."""
DECODERS = ("f16", *QUANTISED)
BITS = {
    "fp32": 32.0,
    "fp16": 16.0,
    "int8": 8.0,
    "int4": 4.5,
    "f16": 16.0,
    "q8_0": 8.5,
    "q6_k": 6.56,
    "q5_k": 5.5,
    "q4_k": 4.5,
    "q4_0": 4.5,
}
"""Bits of a weight, its share of the block's scale included; some tensors of a mix get more."""
