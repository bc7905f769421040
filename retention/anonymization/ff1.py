"""FF1 format-preserving encryption (NIST SP 800-38G) for many numeral strings at once.

All strings of a call have one length, so each of the ten rounds is one AES call for all of them. Numbers of up to 56
bits are computed in machine words, larger ones in Python's integers.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LEAST_DOMAIN = 10**6  # required by SP 800-38G Rev. 1 (second public draft, February 2025)
ROUNDS = 10
_BLOCK = 16
_CHUNK = 16_384  # strings at a time: what fits into a processor's cache


class FF1:
    """FF1 under one AES key of 16, 24 or 32 bytes, for numerals of `radix` (2 to 65,536)."""

    def __init__(self, key: bytes, radix: int) -> None:
        if not 2 <= radix <= 2**16:
            raise ValueError("the radix must be between 2 and 65,536")
        self.radix = radix
        # A single block at a time, chained by hand: this is AES itself, not the ECB mode.
        self._encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305

    def encrypt(self, numerals: np.ndarray, tweaks: np.ndarray | bytes = b"") -> np.ndarray:
        """`numerals` has a string in each row; `tweaks` a row of bytes (uint8) for each, or one tweak for all.

        Raises ValueError where there are fewer than a million strings of that length.
        """
        return self._each_chunk(numerals, tweaks, forward=True)

    def decrypt(self, numerals: np.ndarray, tweaks: np.ndarray | bytes = b"") -> np.ndarray:
        """The way back of `encrypt`, with the same tweaks."""
        return self._each_chunk(numerals, tweaks, forward=False)

    def large_enough(self, length: int) -> bool:
        """Whether strings of this length may be encrypted."""
        return length >= 2 and self.radix ** min(length, 20) >= LEAST_DOMAIN

    def _each_chunk(self, numerals: np.ndarray, tweaks: np.ndarray | bytes, *, forward: bool) -> np.ndarray:
        rows, length = numerals.shape
        if not self.large_enough(length):
            raise ValueError(
                f"strings of {length} numerals of radix {self.radix} are fewer than {LEAST_DOMAIN:,}"
            )
        if isinstance(tweaks, bytes):
            tweaks = np.broadcast_to(np.frombuffer(tweaks, np.uint8), (rows, len(tweaks)))
        answer = np.empty((rows, length), np.uint32)
        for start in range(0, rows, _CHUNK):
            part = slice(start, start + _CHUNK)
            answer[part] = self._crypt(numerals[part], tweaks[part], forward=forward)
        return answer

    def _crypt(self, numerals: np.ndarray, tweaks: np.ndarray, *, forward: bool) -> np.ndarray:
        length = numerals.shape[1]
        left, right = length // 2, length - length // 2
        modulus = {left: self.radix**left, right: self.radix**right}
        width = ((modulus[right] - 1).bit_length() + 7) // 8
        words: _Arithmetic = _Machine(self.radix) if modulus[right] <= 2**56 else _Wide(self.radix)
        block, state = self._prepared(length, left, width, tweaks)
        output_bytes = 4 * ((width + 3) // 4) + 4
        a, b = words.numbers(numerals[:, :left]), words.numbers(numerals[:, left:])
        for round_number in range(ROUNDS) if forward else reversed(range(ROUNDS)):
            size = left if round_number % 2 == 0 else right
            block[:, -width - 1] = round_number
            block[:, -width:] = words.to_bytes(b if forward else a, width)
            keyed = self._keyed(block, state, output_bytes)
            if forward:
                a, b = b, words.shifted(a, keyed, modulus[size], 1)
            else:
                a, b = words.shifted(b, keyed, modulus[size], -1), a
        return np.concatenate([words.numerals(a, left), words.numerals(b, right)], axis=1)

    def _prepared(
        self, length: int, left: int, width: int, tweaks: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The blocks that change from round to round, and the chained state before them."""
        rows, tweak_bytes = tweaks.shape
        head = (
            bytes([1, 2, 1])
            + self.radix.to_bytes(3, "big")
            + bytes([ROUNDS, left % 256])
            + length.to_bytes(4, "big")
            + tweak_bytes.to_bytes(4, "big")
        )
        padding = -(tweak_bytes + width + 1) % _BLOCK
        message = np.zeros((rows, tweak_bytes + padding + 1 + width), np.uint8)
        message[:, :tweak_bytes] = tweaks
        changing = -(-(width + 1) // _BLOCK) * _BLOCK
        state = np.broadcast_to(np.frombuffer(self._aes(head), np.uint8), (rows, _BLOCK))
        return message[:, -changing:].copy(), self._chained(message[:, :-changing], state)

    def _keyed(self, blocks: np.ndarray, state: np.ndarray, wanted: int) -> np.ndarray:
        """The first `wanted` bytes of each string's pseudorandom stream S."""
        last = self._chained(blocks, state)
        parts = [last]
        for counter in range(1, -(-wanted // _BLOCK)):
            mixed = last ^ np.frombuffer(counter.to_bytes(_BLOCK, "big"), np.uint8)
            parts.append(self._rows(self._aes(mixed.tobytes())))
        return np.concatenate(parts, axis=1)[:, :wanted] if len(parts) > 1 else last[:, :wanted]

    def _chained(self, blocks: np.ndarray, state: np.ndarray) -> np.ndarray:
        """The CBC-MAC of each row of blocks, beginning from `state`."""
        for start in range(0, blocks.shape[1], _BLOCK):
            state = self._rows(self._aes((state ^ blocks[:, start : start + _BLOCK]).tobytes()))
        return state

    def _aes(self, blocks: bytes) -> bytes:
        return self._encryptor.update(blocks)

    @staticmethod
    def _rows(blocks: bytes) -> np.ndarray:
        return np.frombuffer(blocks, np.uint8).reshape(-1, _BLOCK)


class _Arithmetic(Protocol):
    def numbers(self, numerals: np.ndarray) -> np.ndarray:
        """The number that each row of numerals stands for."""

    def numerals(self, numbers: np.ndarray, count: int) -> np.ndarray:
        """The way back."""

    def to_bytes(self, numbers: np.ndarray, width: int) -> np.ndarray:
        """Big-endian, a row each."""

    def shifted(self, numbers: np.ndarray, by: np.ndarray, modulus: int, sign: int) -> np.ndarray:
        """Each number plus or minus what its row of bytes stands for, modulo `modulus`."""


class _Machine:
    """In unsigned words of 64 bits; the modulus is at most 2**56."""

    def __init__(self, radix: int) -> None:
        self._radix = np.uint64(radix)

    def numbers(self, numerals: np.ndarray) -> np.ndarray:
        total = np.zeros(len(numerals), np.uint64)
        for column in numerals.T:
            total *= self._radix
            total += column.astype(np.uint64)
        return total

    def numerals(self, numbers: np.ndarray, count: int) -> np.ndarray:
        answer = np.empty((len(numbers), count), np.uint32)
        for place in reversed(range(count)):
            rest = numbers // self._radix
            answer[:, place] = numbers - rest * self._radix
            numbers = rest
        return answer

    def to_bytes(self, numbers: np.ndarray, width: int) -> np.ndarray:
        return numbers.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 8 - width :]

    def shifted(self, numbers: np.ndarray, by: np.ndarray, modulus: int, sign: int) -> np.ndarray:
        top = np.uint64(modulus)
        first = np.ascontiguousarray(by[:, :8]).view(">u8").ravel().astype(np.uint64)
        rest = _modulo(first, top)
        for column in by[:, 8:].T:
            rest = _modulo((rest << np.uint64(8)) | column, top)
        total = numbers + rest if sign > 0 else numbers + (top - rest)
        return np.where(total >= top, total - top, total)


def _modulo(numbers: np.ndarray, modulus: np.uint64) -> np.ndarray:
    """NumPy divides by one number many at a time, and takes remainders one by one."""
    return numbers - numbers // modulus * modulus


class _Wide:
    """In integers of any size."""

    def __init__(self, radix: int) -> None:
        self._radix = radix

    def numbers(self, numerals: np.ndarray) -> np.ndarray:
        total = np.zeros(len(numerals), object)
        for column in numerals.T:
            total = total * self._radix + column.astype(object)
        return total

    def numerals(self, numbers: np.ndarray, count: int) -> np.ndarray:
        answer = np.empty((len(numbers), count), np.uint32)
        for place in reversed(range(count)):
            answer[:, place] = numbers % self._radix
            numbers = numbers // self._radix
        return answer

    def to_bytes(self, numbers: np.ndarray, width: int) -> np.ndarray:
        together = b"".join(number.to_bytes(width, "big") for number in numbers)
        return np.frombuffer(together, np.uint8).reshape(-1, width)

    def shifted(self, numbers: np.ndarray, by: np.ndarray, modulus: int, sign: int) -> np.ndarray:
        shifts = np.array([int.from_bytes(row.tobytes(), "big") for row in by], object)
        return (numbers + sign * shifts) % modulus
