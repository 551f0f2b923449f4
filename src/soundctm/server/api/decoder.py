"""Decodes a file that nobody can vouch for, as a program of its own that cannot take more than it is given.

``python decoder.py FILE OUT VALUES MEMORY SECONDS``: samples as interleaved float32 to OUT, at most VALUES of them; on
standard output one line of JSON about them, or what is wrong, and which limits the system refused to set. Imported by
nothing.
"""

import json
import sys
from pathlib import Path

MOST_CHANNELS = 16
BLOCK = 2**18  # values at a time
MOST_RECIPE = 2**20  # characters


class Refused(Exception):
    """What is wrong: a status of HTTP, and one line."""


def limit(memory: int, seconds: int, written: int) -> list[str]:
    """Take away what could hurt: memory, time, large files. The limits that the system does not let be set: there the
    caller's clock and the counting of samples remain."""
    wanted = {"RLIMIT_AS": memory, "RLIMIT_CPU": seconds, "RLIMIT_FSIZE": written, "RLIMIT_CORE": 0}
    try:
        import resource
    except ImportError:
        return list(wanted)
    refused = []
    for name, most in wanted.items():
        kind = getattr(resource, name)
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):
            refused.append(name)
    return refused


def decode(source: Path, target: Path, most: int) -> dict[str, object]:
    """Write the samples; what they are. The length is counted, whatever the file says of itself."""
    import soundfile

    from soundctm.audio.comments import RECIPE_COMMENT, read_comments
    from soundctm.audio.io import RATES, RECIPE_CHUNK, read_chunk

    with soundfile.SoundFile(source) as file:
        channels, rate = file.channels, file.samplerate
        if not 1 <= channels <= MOST_CHANNELS or not RATES[0] <= rate <= RATES[1]:
            raise Refused(
                415,
                f"the file has {channels} channels at {rate:,} Hz; accepted are up to {MOST_CHANNELS} channels at "
                f"{RATES[0]:,} to {RATES[1]:,} Hz: bring it to another rate first",
            )
        if file.frames * channels > most:
            raise Refused(413, _too_long(most, channels, rate))
        frames = 0
        with target.open("wb") as out:
            while len(block := file.read(BLOCK // channels, dtype="float32", always_2d=True)):
                frames += len(block)
                if frames * channels > most:
                    raise Refused(413, _too_long(most, channels, rate))
                out.write(block.astype("<f4").tobytes())
    chunk = read_chunk(source, RECIPE_CHUNK)
    recipe = read_comments(source).get(RECIPE_COMMENT) if chunk is None else chunk.decode("utf-8", "replace")
    if recipe is not None and len(recipe) > MOST_RECIPE:
        raise Refused(413, "the recipe in the file is too long to be one of soundctm")
    return {"channels": channels, "rate": rate, "frames": frames, "recipe": recipe}


def _too_long(most: int, channels: int, rate: int) -> str:
    return f"the file lasts longer than {most / channels / rate:,.0f} s, the most at its rate and channels; cut it"


def main() -> None:
    """Decode as the arguments say."""
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    most, memory, seconds = (int(value) for value in sys.argv[3:])
    unlimited = limit(memory, seconds, 4 * most + 2**20)
    try:
        said = decode(source, target, most)
    except Refused as refused:
        said = {"status": refused.args[0], "error": refused.args[1]}
    except OSError as error:  # the disk's fault, and not the file's
        said = {"errno": error.errno, "error": error.strerror}
    except MemoryError:
        said = {"status": 413, "error": "the file needs too much memory to be decoded; convert it to WAV first"}
    except (RuntimeError, ValueError) as error:  # soundfile's own errors are RuntimeErrors
        reason = str(error).removeprefix(f"Error opening {str(source)!r}: ").rstrip(".")
        said = {"status": 415, "error": f"the file is not readable as a sound ({reason[:200]}); send WAV, FLAC or OGG"}
    sys.stdout.write(json.dumps({**said, "unlimited": unlimited}) + "\n")


if __name__ == "__main__":
    main()
