"""Measures the ControlNet: how well the figures drawn fill the silhouettes given, against the same names and noise without them.

100 names, each with the silhouette of its own picture turned, stretched and moved in a way training has not seen.
Overlap: intersection over union of the silhouette asked for and the one drawn.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel
from PIL import Image

from build_evaluation import atlas
from compute_styles import chosen_pictures
from control_maps import moved, silhouette
from evaluate import Painter, Retrieval
from pictures import Pictures

OPTIONS = dict(steps=12, guidance=2.5)
SEED, SHEET_SEED = 77, 112
SHEET = ("cat", "guitar", "fish", "red heart", "umbrella", "house", "crescent moon", "sunflower")


class ControlPainter(Painter):
    """Follows `maps` f32[n, 3, 128, 128] in 0..1."""

    def __init__(self, folder, controlnet):
        super().__init__(folder)
        self.controlnet = ControlNetModel.from_pretrained(controlnet, torch_dtype=torch.float32).eval()
        self.maps = None

    def predicted(self, noisy, t, states):
        down, middle = self.controlnet(noisy, t, states, controlnet_cond=torch.cat([self.maps, self.maps]), return_dict=False)
        return self.unet(noisy, t, states, down_block_additional_residuals=down, mid_block_additional_residual=middle).sample

    def follow(self, silhouettes, texts, **options):
        """u8[n, 128, 128, 3] for bool[n, 128, 128]."""
        self.maps = torch.from_numpy(silhouettes).float()[:, None].repeat(1, 3, 1, 1)
        return self.paint(texts, batch=len(texts), **options)


def overlap(made, wanted):
    """Mean intersection over union of bool[n, h, w]."""
    return float(np.mean((made & wanted).sum((1, 2)) / (made | wanted).sum((1, 2))))


def maps_of(pictures, hexcodes, seed):
    """bool[n, 128, 128]: silhouettes of moved pictures."""
    rng, chosen = np.random.default_rng(seed), {pictures.entries[i]["hexcode"]: i for i in chosen_pictures(pictures)}
    return np.stack([silhouette(moved(pictures.pixels[chosen[hexcode]], rng)) for hexcode in hexcodes])


def write_maps(folder, names, maps):
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, bits in zip(names, maps):
        Image.fromarray(bits.astype(np.uint8) * 255).save(Path(folder) / f"{name}.png")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    parser.add_argument("--controlnet", default="../../controlnets/emoji-silhouette")
    parser.add_argument("--evaluation", default="evaluation")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--maps", help="writes the sheet's maps as NAME.png into this folder instead, for evaluate_engine.mjs")
    parser.add_argument("--sheet", help="writes rows of maps, pictures without and pictures with them here instead of measuring")
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures = Pictures(args.data)
    if args.sheet or args.maps:
        of = {concept["names"]["en"]["label"]: concept["hexcode"] for concept in pictures.concepts}
        names, hexcodes, seed = list(SHEET), [of[name] for name in SHEET], SHEET_SEED
    else:
        entries = Retrieval(args.evaluation).names[: args.count]
        names, hexcodes, seed = [e["names"]["en"] for e in entries], [e["hexcode"] for e in entries], SEED
    wanted = maps_of(pictures, hexcodes, seed)
    if args.maps:
        write_maps(args.maps, names, wanted)
        return
    having = ControlPainter(args.model, args.controlnet).follow(wanted, names, **OPTIONS)
    without = Painter(args.model).paint(names, batch=len(names), **OPTIONS)
    if args.sheet:
        drawn = np.repeat(wanted[..., None], 3, axis=-1).astype(np.uint8) * 255
        Image.fromarray(atlas(np.concatenate([drawn, without, having]), len(names))).save(args.sheet)
        return
    for title, pixels in (("without the map", without), ("with it", having)):
        shapes = np.stack([silhouette(picture) for picture in pixels])
        print(f"{title}: overlap {100 * overlap(shapes, wanted):.1f} % over {len(names)}", flush=True)


if __name__ == "__main__":
    main()
