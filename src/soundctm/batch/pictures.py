"""Small spectrograms for the contact sheet: PNG with a palette, a sixth of the work of one in full colour."""

import struct
import zlib

import numpy as np
from matplotlib import colormaps

from soundctm.audio import Clip
from soundctm.audio.spectrogram import RANGE_DB, log_spectrogram

WIDEST = 1200  # pixels
COLOURS = 256
SIGNATURE = b"\x89PNG\r\n\x1a\n"  # PNG, third edition, section 5.2
DEPTH, INDEXED, UNFILTERED = 8, 3, 0


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """A picture of ``indices [rows, columns]`` uint8 into colours ``palette [n, 3]`` uint8."""
    rows, columns = indices.shape
    head = struct.pack(">IIBBBBB", columns, rows, DEPTH, INDEXED, 0, 0, 0)
    lines = np.pad(indices, ((0, 0), (1, 0)), constant_values=UNFILTERED).tobytes()
    parts = ((b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def spectrogram(clip: Clip) -> bytes:
    """The spectrogram of a clip, low frequencies at the bottom, at most 1,200 pixels wide."""
    low, high = RANGE_DB
    level = np.clip((log_spectrogram(clip.samples.mean(axis=0), clip.sample_rate)[::-1] - low) / (high - low), 0, 1)
    columns = np.linspace(0, level.shape[1] - 1, min(WIDEST, level.shape[1])).astype(int)
    palette = colormaps["magma"](np.arange(COLOURS), bytes=True)[:, :3]
    return png(np.rint(level[:, columns] * (COLOURS - 1)).astype(np.uint8), np.ascontiguousarray(palette))
