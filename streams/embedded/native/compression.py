"""Compressed blocks: frames of checksum, method, sizes and data, LZ4 or ZSTD, as ClickHouse and its drivers write them."""

from __future__ import annotations

from collections.abc import Callable

import lz4.block
import zstd
from clickhouse_cityhash.cityhash import CityHash128

from streams.embedded.native.fault import CANNOT_PARSE, CHECKSUM, TOO_LARGE, ProtocolError
from streams.embedded.native.wire import LARGEST, Reader

LZ4 = 0x82
ZSTD = 0x90
NONE = 0x02
_FRAME = 1 << 20  # bytes of plain data a frame, as ClickHouse's own max_compress_block_size
_HEADER = 9


class FrameReader(Reader):
    """Plain bytes out of compressed frames; `method` is that of the last frame, for the answer to use the same."""

    def __init__(self, outer: Reader) -> None:
        super().__init__(self._frame)
        self._outer = outer
        self.method = LZ4

    def _frame(self) -> bytes:
        checksum = self._outer.take(16)
        header = self._outer.take(_HEADER)
        size = int.from_bytes(header[1:5], "little")
        plain_size = int.from_bytes(header[5:9], "little")
        if size < _HEADER or max(size, plain_size) > LARGEST:
            raise ProtocolError(TOO_LARGE, f"a compressed frame of {size} bytes for {plain_size}")
        body = self._outer.take(size - _HEADER)
        if _checksum(header + body) != checksum:
            raise ProtocolError(CHECKSUM, "Checksum doesn't match: corrupted data")
        plain = _decompress(header[0], body, plain_size)
        if not plain:
            raise ProtocolError(CANNOT_PARSE, "an empty compressed frame")
        self.method = header[0]
        return plain


def _checksum(sealed: bytes) -> bytes:
    """The frame's CityHash, its two halves in the order ClickHouse writes them: high first, each little endian."""
    value: int = CityHash128(sealed)
    return (value >> 64).to_bytes(8, "little") + (value & (1 << 64) - 1).to_bytes(8, "little")


def _decompress(method: int, body: bytes, size: int) -> bytes:
    try:
        if method == LZ4:
            return bytes(lz4.block.decompress(body, uncompressed_size=size))
        if method == ZSTD:
            return bytes(zstd.decompress(body))
    except (lz4.block.LZ4BlockError, zstd.Error, ValueError, MemoryError) as error:
        raise ProtocolError(CANNOT_PARSE, f"cannot decompress: {error}") from None
    if method == NONE:
        return body
    raise ProtocolError(CANNOT_PARSE, f"unknown compression method {method:#x}")


_COMPRESS: dict[int, Callable[[bytes], bytes]] = {
    LZ4: lambda plain: bytes(lz4.block.compress(plain, store_size=False)),
    ZSTD: lambda plain: bytes(zstd.compress(plain, 1)),
    NONE: bytes,
}


def frames(plain: bytes, method: int) -> bytes:
    """`plain` as frames of at most 1 MiB each."""
    out = []
    for start in range(0, len(plain), _FRAME):
        piece = plain[start : start + _FRAME]
        body = _COMPRESS[method](piece)
        sealed = bytes((method,)) + (_HEADER + len(body)).to_bytes(4, "little") + len(piece).to_bytes(4, "little") + body
        out.append(_checksum(sealed) + sealed)
    return b"".join(out)
