"""SipHash-2-4 of many texts at once: a keyed 64-bit pseudorandom function, in numpy.

A loop over hashlib takes about 1.2 microseconds a text, twelve seconds for the ids of five
million rows; here texts of equal length are hashed side by side. Definition and test
vectors: Aumasson & Bernstein 2012, "SipHash: a fast short-input PRF".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

Words = npt.NDArray[np.uint64]
_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


BLOCK = 32_768
"""Texts hashed at a time: their state stays in the processor's cache."""


def siphash(texts: pl.Series, key: bytes) -> pl.Series:
    """UInt64 SipHash-2-4 of the UTF-8 bytes of each text under a key of 16 bytes; null stays null."""
    if len(key) != 16:
        raise ValueError("a SipHash key has 16 bytes")
    lengths = texts.str.len_bytes()
    hashes = np.zeros(len(texts), np.uint64)
    for length in lengths.drop_nulls().unique().sort().to_list():
        at = (lengths == length).arg_true().to_numpy()
        same = texts if len(at) == len(texts) else texts.gather(at)
        hashes[at] = _of_equal_length(_bytes(same, length), key)
    found = pl.Series(texts.name, hashes)
    return found.set(texts.is_null(), None) if texts.null_count() else found


def _bytes(texts: pl.Series, length: int) -> npt.NDArray[np.uint8]:
    """One row of bytes per text, all of the given length."""
    joined = texts.implode().list.join("").item().encode() if length else b""
    return np.frombuffer(joined, np.uint8).reshape(len(texts), length)


def _of_equal_length(texts: npt.NDArray[np.uint8], key: bytes) -> Words:
    hashes = np.empty(len(texts), np.uint64)
    for start in range(0, len(texts), BLOCK):
        block = texts[start : start + BLOCK]
        state = _State(len(block), key)
        for word in _words(block):
            state.absorb(word)
        hashes[start : start + BLOCK] = state.finish()
    return hashes


def _words(texts: npt.NDArray[np.uint8]) -> Words:
    """Little-endian words, by word then by text; the last holds the length in its top byte."""
    n, length = texts.shape
    padded = np.zeros((n, length // 8 * 8 + 8), np.uint8)
    padded[:, :length] = texts
    padded[:, -1] = length & 0xFF
    return np.ascontiguousarray(padded.view("<u8").T)


class _State:
    """The four words of SipHash for each text."""

    def __init__(self, n: int, key: bytes) -> None:
        halves = np.frombuffer(key, "<u8")
        self.v0, self.v1, self.v2, self.v3 = (
            np.full(n, np.uint64(start) ^ halves[at % 2], np.uint64) for at, start in enumerate(_START)
        )
        self.spare = np.empty(n, np.uint64)

    def absorb(self, word: Words) -> None:
        self.v3 ^= word
        self._round()
        self._round()
        self.v0 ^= word

    def finish(self) -> Words:
        self.v2 ^= np.uint64(0xFF)
        for _ in range(4):
            self._round()
        return self.v0 ^ self.v1 ^ self.v2 ^ self.v3

    def _round(self) -> None:
        # uint64 addition wraps, as SipHash wants it; in place, as new arrays cost more than the sums
        self.v0 += self.v1
        self.v2 += self.v3
        self._rotate(self.v1, 13)
        self._rotate(self.v3, 16)
        self.v1 ^= self.v0
        self.v3 ^= self.v2
        self._rotate(self.v0, 32)
        self.v2 += self.v1
        self.v0 += self.v3
        self._rotate(self.v1, 17)
        self._rotate(self.v3, 21)
        self.v1 ^= self.v2
        self.v3 ^= self.v0
        self._rotate(self.v2, 32)

    def _rotate(self, words: Words, bits: int) -> None:
        np.left_shift(words, np.uint64(bits), out=self.spare)
        np.right_shift(words, np.uint64(64 - bits), out=words)
        words |= self.spare
