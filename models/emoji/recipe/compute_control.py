"""Stage 5a: moved copies of the training pictures, encoded, with their silhouettes.

Writes control.f16 (f16[n, 32, 8, 8], scaled), control.bits (u8[n, 2048], a silhouette's 128x128 bits) and control.json.
"""

import argparse
import json

import numpy as np
import torch

from compute_latents import encode
from control_maps import moved, silhouette
from evaluate import Painter
from pictures import Pictures

COUNT = 12_000
# Mostly what an unstyled caption means; the others keep the style words at work.
STYLE_WEIGHTS = {"twemoji": 0.7, "noto": 0.1, "flat": 0.1, "3d": 0.1}
CHUNK = 1000


def plan_of(pictures, rng):
    """Picture indices: a style by weight, then a picture of it."""
    rows = {style: [i for i, e in enumerate(pictures.entries) if e["style"] == style] for style in STYLE_WEIGHTS}
    styles = rng.choice(list(rows), COUNT, p=list(STYLE_WEIGHTS.values()))
    return [int(rng.choice(rows[style])) for style in styles]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    parser.add_argument("--out", default="control")
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures, vae, rng = Pictures(args.data), Painter(args.model).vae.to(memory_format=torch.channels_last), np.random.default_rng(0)
    plan = plan_of(pictures, rng)
    with open(f"{args.out}.f16", "wb") as latents, open(f"{args.out}.bits", "wb") as bits:
        for start in range(0, COUNT, CHUNK):
            copies = np.stack([moved(pictures.pixels[i], rng) for i in plan[start : start + CHUNK]])
            np.packbits(np.stack([silhouette(copy) for copy in copies]).reshape(len(copies), -1), axis=1).tofile(bits)
            (encode(vae, copies)[0] * vae.config.scaling_factor).half().numpy().tofile(latents)
            print(f"{start + len(copies)} of {COUNT}", flush=True)
    with open(f"{args.out}.json", "w") as file:
        json.dump(plan, file)


if __name__ == "__main__":
    main()
