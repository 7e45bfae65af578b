"""Training samples: (caption, latents) pairs in the proportions the captions promise."""

import json

import numpy as np
import torch

from captions import UNSTYLED_SHARE, UNSTYLED_WEIGHTS, any_of, caption, pick
from pictures import Pictures

TINTED_SHARE = 0.1


class Samples:
    """Draws captions with their latents f32[n, 32, 8, 8]."""

    def __init__(self, data, latents):
        self.pictures = Pictures(data)
        self.concepts = {c["hexcode"]: c for c in self.pictures.concepts}
        self.latents = np.fromfile(f"{latents}.f16", dtype=np.float16).reshape(-1, 32, 8, 8)
        with open(f"{latents}.json") as file:
            entries = json.load(file)["entries"]
        self.rows = {}
        for row, (picture, colour) in enumerate(entries):
            entry = self.pictures.entries[picture]
            self.rows.setdefault((entry["hexcode"], colour), {})[entry["style"]] = row
        self.plain_keys = [key for key in self.rows if key[1] is None]
        self.tinted_keys = [key for key in self.rows if key[1] is not None]

    def draw_one(self, rng):
        """(caption, row of the latents): a concept first, so that those of a single set are not rare."""
        hexcode, colour = key = any_of(rng, self.tinted_keys if rng.random() < TINTED_SHARE else self.plain_keys)
        choices = self.rows[key]
        if rng.random() < UNSTYLED_SHARE:
            style = pick(rng, {s: w for s, w in UNSTYLED_WEIGHTS.items() if s in choices})
            return caption(rng, self.concepts[hexcode], None, colour), choices[style]
        style = any_of(rng, list(choices))
        return caption(rng, self.concepts[hexcode], style, colour), choices[style]

    def draw(self, rng, count):
        """([caption], f32[count, 32, 8, 8])."""
        captions, rows = zip(*(self.draw_one(rng) for _ in range(count)))
        return list(captions), torch.from_numpy(self.latents[list(rows)]).float()
