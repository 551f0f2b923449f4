"""The page that lies beside exported graphs: how to make a sound with them."""

from collections.abc import Mapping

from soundctm.engines.onnx.graph import Graph

PAGE = """# {name} as ONNX graphs

Each part of the model is a graph of its own. `graphs.json` says what goes in and out, and holds the numbers below.
Batch and length are free; lengths are counted in latent frames of `hop` samples.

{table}

## A take

Latents `z` start as noise: unit normal numbers `[batch, channels, frames]` times `sigma_max`. Each step jumps from
noise level `t` to a lower one `s`, both from the grid of `steps + 1` levels

    sigma_i = (sigma_max^(1/rho) + i/steps (sigma_min^(1/rho) - sigma_max^(1/rho)))^rho

(with a `sigma_first`, the first of several steps goes to it, and the others have such a grid from there) and lands at

    F   = core(c_in z, levels(ln(t)/4, ln(s)/4, omega), text)
    g   = sigma_data^2 / (t^2 + sigma_data^2) z + t sigma_data / sqrt(t^2 + sigma_data^2) F
    z_s = (s/t) z + (1 - s/t) g               with c_in = 1 / sqrt(t^2 + sigma_data^2)

This is the deterministic sampler (gamma = 0). At the end `z / sigma_data * latent_std + latent_mean` goes into the
decoder. The prompt passes through `text_encoder` and `text` once per take. In Python:

```python
{code}```
{notes}"""

CODE = """import json

import numpy as np
import onnxruntime as ort

facts = json.load(open("graphs.json"))
graphs = {name: ort.InferenceSession(entry["file"]) for name, entry in facts["graphs"].items()}


def run(name, known):
    session = graphs[name]
    results = session.run(None, {port.name: known[port.name] for port in session.get_inputs()})
    return dict(zip([port.name for port in session.get_outputs()], results))


def take(ids, noise, white, steps=1, omega=facts["omega"]):
    # ids [1, words] int64, noise [1, channels, frames], white [1, frames * hop], both unit normal float32
    known = {"ids": ids, "mask": np.ones(ids.shape, bool), "noise": white}
    known |= run("text_encoder", known)
    known |= run("text", known)
    low, high, sd = facts["sigma_min"], facts["sigma_max"], facts["sigma_data"]
    leap = facts["sigma_first"] if steps > 1 else None
    top, rest = (high, steps) if leap is None else (leap, steps - 1)
    roots = [sigma ** (1 / facts["rho"]) for sigma in (top, low)]
    grid = [(roots[0] + i / rest * (roots[1] - roots[0])) ** facts["rho"] for i in range(rest + 1)]
    grid = grid if leap is None else [high, *grid]
    number = lambda value: np.array([value], np.float32)
    known |= {"omega": number(omega), "span": np.array([[0, 1]], np.float32)}
    z = noise * np.float32(high)
    for t, s in zip(grid, grid[1:]):
        known |= {"c_noise_t": number(np.log(t) / 4), "c_noise_s": number(np.log(s) / 4)}
        known |= run("levels", known)
        known["x"] = z * np.float32(1 / np.hypot(t, sd))
        F = run("core", known)["F"]
        g = np.float32(sd**2 / (t**2 + sd**2)) * z + np.float32(t * sd / np.hypot(t, sd)) * F
        z = np.float32(s / t) * z + np.float32(1 - s / t) * g
    mean, std = (np.array(facts[key], np.float32)[:, None] for key in ("latent_mean", "latent_std"))
    return run("decoder", known | {"z": z / np.float32(sd) * std + mean})["waveform"]
"""

MINI_NOTES = """
Token ids come from `tokenizer.json`:

```python
from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file("tokenizer.json")
tokenizer.enable_truncation(facts["text"]["max_words"])
ids = np.array([tokenizer.encode("heavy rain").ids], np.int64)
frames = int(np.ceil(facts["seconds"] * facts["sample_rate"] / facts["hop"]))
draw = np.random.default_rng(7).standard_normal
noise = draw((1, facts["channels"], frames), np.float32)
waveform = take(ids, noise, draw((1, frames * facts["hop"]), np.float32))
```

The Python package also maps words that the model never learnt to phrases that it did, before anything else.
"""

CLAP_NOTES = """
Token ids come from the tokenizer that `graphs.json` names, begin and end included, filled up to `max_words` with
`padding` where the mask is false.
"""


def page(name: str, graphs: Mapping[str, Graph], own_tokenizer: bool) -> str:
    """The page for these graphs; ``own_tokenizer`` says that ``tokenizer.json`` lies beside it."""
    rows = ["| graph | takes | gives |", "|---|---|---|"]
    for graph in graphs.values():
        takes, gives = (
            ", ".join(f"`{port.name} [{', '.join(map(str, port.shape))}]`" for port in ports)
            for ports in (graph.inputs, graph.outputs)
        )
        rows.append(f"| `{graph.name}` | {takes} | {gives} |")
    notes = MINI_NOTES if own_tokenizer else CLAP_NOTES
    return PAGE.format(name=name, table="\n".join(rows), code=CODE, notes=notes)
