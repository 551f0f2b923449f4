"""Real recordings with captions: the ESC-10 layout and two CC0 sample sets, decoded to fixed-length clips."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

SAMPLE_RATE = 44100
HELD_OUT_FOLD = "5"  # of ESC-10: evaluation only, never trained on

ESC10_CLASSES = {
    "001 - Dog bark": ("dog", ("a dog barking", "dog bark", "a barking dog", "a dog")),
    "002 - Rain": ("rain", ("rain", "rain falling", "steady rain", "the sound of rain")),
    "003 - Sea waves": ("waves", ("sea waves", "ocean waves", "waves on a beach", "waves breaking on the shore")),
    "004 - Baby cry": ("baby_cry", ("a baby crying", "baby cry", "a crying baby", "a baby")),
    "005 - Clock tick": ("clock", ("a clock ticking", "clock tick", "a ticking clock", "a clock")),
    "006 - Person sneeze": ("sneeze", ("a person sneezing", "sneeze", "someone sneezes", "a human sneeze")),
    "007 - Helicopter": (
        "helicopter",
        ("a helicopter", "helicopter flying", "a helicopter hovering", "helicopter rotor"),
    ),
    "008 - Chainsaw": ("chainsaw", ("a chainsaw", "chainsaw running", "a chainsaw cutting wood", "a chain saw")),
    "009 - Rooster": ("rooster", ("a rooster crowing", "rooster", "a crowing rooster", "a rooster crows")),
    "010 - Fire crackling": ("fire", ("fire crackling", "a crackling fire", "a fire burning", "fire")),
}
# Steady sounds may begin anywhere; a bark would begin in its middle.
STATIONARY = frozenset({"rain", "waves", "helicopter", "chainsaw", "fire"})
SILENCE = 1e-4  # of full scale: recordings shorter than their file are filled up with less

# Captions of the sample sets by the first word of the file name: (class, caption).
SAMPLE_CAPTIONS = {
    "ambi": ("ambience", "an ambient drone"),
    "arovane": ("drum_loop", "an electronic beat"),
    "bass": ("synth_bass", "a synth bass note"),
    "bd": ("kick", "a kick drum"),
    "drum": ("drum", "a drum hit"),
    "elec": ("electronic", "an electronic percussion hit"),
    "glitch": ("glitch", "a digital glitch"),
    "guit": ("guitar", "a guitar"),
    "hat": ("hihat", "a hi-hat cymbal"),
    "loop": ("drum_loop", "a rhythmic drum loop"),
    "mehackit": ("robot", "a robot voice effect"),
    "misc": ("effect", "a sound effect"),
    "perc": ("percussion", "a percussion hit"),
    "ride": ("cymbal", "a ride cymbal"),
    "sn": ("snare", "a snare drum"),
    "tabla": ("tabla", "a tabla hit"),
    "vinyl": ("vinyl", "a vinyl record scratch"),
    "back": ("interface", "an interface sound, back button"),
    "bong": ("interface", "a soft interface bong"),
    "click": ("interface", "an interface click"),
    "close": ("interface", "an interface close sound"),
    "confirmation": ("interface", "an interface confirmation chime"),
    "drop": ("interface", "an interface drop sound"),
    "error": ("interface", "an interface error sound"),
    "glass": ("interface", "a glassy interface ping"),
    "maximize": ("interface", "an interface rising sound, maximize"),
    "minimize": ("interface", "an interface falling sound, minimize"),
    "open": ("interface", "an interface open sound"),
    "pluck": ("interface", "an interface pluck"),
    "question": ("interface", "an interface question sound"),
    "scratch": ("interface", "an interface scratch"),
    "scroll": ("interface", "an interface scroll tick"),
    "select": ("interface", "an interface select blip"),
    "switch": ("interface", "an interface switch"),
    "tick": ("interface", "an interface tick"),
    "toggle": ("interface", "an interface toggle"),
}


@dataclass(frozen=True)
class Recording:
    """One real file: where it is, what it shows, what may be said of it, and whether it may be trained on."""

    path: Path
    class_name: str
    captions: tuple[str, ...]
    held_out: bool


def find_recordings(folder: Path) -> Iterator[Recording]:
    """All recordings of a data folder (``esc10``, ``sonic_pi``, ``kenney_interface``) in a stable order."""
    for label, (class_name, captions) in ESC10_CLASSES.items():
        for path in sorted((folder / "esc10" / label).glob("*.ogg")):
            yield Recording(path, class_name, captions, held_out=path.name.startswith(f"{HELD_OUT_FOLD}-"))
    for path in sorted([*(folder / "sonic_pi").glob("*.flac"), *(folder / "kenney_interface").glob("*.wav")]):
        prefix, _, rest = path.stem.partition("_")
        class_name, caption = SAMPLE_CAPTIONS[prefix]
        detail = rest.replace("_", " ").strip(" 0123456789")
        said = (caption, f"{caption}, {detail}") if len(detail) > 2 else (caption,)
        yield Recording(path, class_name, said, held_out=False)


def load_mono(path: Path) -> np.ndarray:
    """A file as mono float32 ``[length]`` at 44.1 kHz."""
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if rate == SAMPLE_RATE else soxr.resample(mono, rate, SAMPLE_RATE, quality="VHQ")


def fit_length(samples: np.ndarray, length: int) -> np.ndarray:
    """Exactly ``length`` samples: longer clips are cut with a 10 ms fade, shorter ones zero-padded."""
    out = samples[:length].astype(np.float32, copy=True)
    if len(samples) > length:
        fade = SAMPLE_RATE // 100
        out[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return np.pad(out, (0, length - len(out)))


def vary(recording: Recording, samples: np.ndarray, rng: np.random.Generator, length: int) -> np.ndarray:
    """A slightly different clip of the same recording: playback rate within 6 %, level within 4 dB. A steady sound
    begins anywhere and goes on to the end of the clip."""
    rate = float(rng.uniform(0.94, 1.06))
    moved = soxr.resample(samples, SAMPLE_RATE, SAMPLE_RATE / rate, quality="HQ")
    if recording.class_name in STATIONARY:
        moved = endless(moved, length, rng)
    clip = fit_length(moved, length) * 10 ** (float(rng.uniform(-4, 4)) / 20)
    return (clip / max(1.0, float(np.abs(clip).max()) / 0.97)).astype(np.float32)


def endless(samples: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """``length`` samples of a steady sound from a random place on; where it ends, it goes on with its own beginning
    over a crossfade of equal power. Digital silence behind it is left out."""
    heard = np.flatnonzero(np.abs(samples) > SILENCE)
    if len(heard) < SAMPLE_RATE // 2:  # too little to be steady
        return samples
    samples = samples[heard[0] : heard[-1] + 1]
    overlap = min(SAMPLE_RATE // 20, len(samples) // 4)
    angle = np.linspace(0.0, np.pi / 2, overlap, dtype=np.float32)
    joint = samples[-overlap:] * np.cos(angle) + samples[:overlap] * np.sin(angle)
    circle = np.concatenate([joint, samples[overlap:-overlap]])
    return np.take(circle, np.arange(length) + int(rng.integers(len(circle))), mode="wrap")
