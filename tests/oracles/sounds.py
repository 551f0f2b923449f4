"""Small sound files of every kind, good and bad, and folders as bytes."""

import io
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def tone(hertz: float = 440.0, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> np.ndarray:
    """A sine of amplitude 0.5, float ``[length, channels]``."""
    t = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.5 * np.sin(2 * np.pi * hertz * t)[:, None], channels, axis=1)


def encoded(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str = "PCM_16") -> bytes:
    """A sound file as bytes."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, subtype=subtype)
    return buffer.getvalue()


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    """Files by name below a folder, which is made."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def write_pairs(folder: Path, count: int) -> Path:
    """``count`` tones with captions beside them; every fifth is silent, and every seventh repeats the first."""
    files: dict[str, bytes] = {}
    for i in range(count):
        sound = tone(200.0 if i % 7 == 6 else 200.0 + 10 * i) * (0 if i % 5 == 4 else 1)
        files[f"{i:03d}.wav"] = encoded(sound)
        files[f"{i:03d}.txt"] = f"a tone, number {i}".encode()
    return write_folder(folder, files)


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its name."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
