"""Stage 4a: one picture of every concept (and recoloured copies) in a style of styles.py, encoded with the shipped autoencoder.

Writes STYLE.f16 and STYLE.json as compute_latents.py does, so that samples.py reads them.
"""

import argparse
import json

import numpy as np
import torch

from compute_latents import encode
from evaluate import Painter
from pictures import COLOURS, Pictures, tint
from styles import STYLES

# Whose picture a style is made from: what the base model draws when no style is named, else the plainest there is.
PREFERRED = ("twemoji", "flat", "noto", "3d")
TINTED_CONCEPTS = 600


def chosen_pictures(pictures):
    """One picture's index per concept."""
    best = {}
    for i, entry in enumerate(pictures.entries):
        rank = PREFERRED.index(entry["style"])
        best[entry["hexcode"]] = min(best.get(entry["hexcode"], (rank, i)), (rank, i))
    return [i for _, i in best.values()]


def plan_of(pictures, rng):
    """[(picture index, colour or None)]."""
    chosen = chosen_pictures(pictures)
    tinted = rng.choice(chosen, TINTED_CONCEPTS, replace=False)
    return [(i, None) for i in chosen] + [(int(i), str(rng.choice(list(COLOURS)))) for i in tinted]


def styled(pictures, plan, style):
    """u8[n, 128, 128, 3]."""
    plain = (pictures.pixels[i] if colour is None else tint(pictures.pixels[i], colour) for i, colour in plan)
    return np.stack([STYLES[style](picture) for picture in plain])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("styles", nargs="*", default=list(STYLES))
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures, vae = Pictures(args.data), Painter(args.model).vae.to(memory_format=torch.channels_last)
    plan = plan_of(pictures, np.random.default_rng(0))
    for style in args.styles:
        latents = encode(vae, styled(pictures, plan, style))[0] * vae.config.scaling_factor
        latents.half().numpy().tofile(f"{style}.f16")
        with open(f"{style}.json", "w") as file:
            json.dump({"scaling_factor": vae.config.scaling_factor, "entries": plan}, file)
        print(f"{style}: {len(plan)} pictures, deviation {float(latents.std()):.2f}", flush=True)


if __name__ == "__main__":
    main()
