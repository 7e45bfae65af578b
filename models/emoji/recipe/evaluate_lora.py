"""Measures a LoRA of train_lora.py against the base model, through diffusers' own loader, and draws base | LoRA sheets.

Style: of 200 names, how many pictures look most like a styled picture (the nearest of all training pictures and all
styled ones, L2 of 64x64 RGB), and how many have their own concept among the five nearest styled pictures.
Concept: of 40 pictures of it, how many have one of its pictures among the five nearest of those and all training
pictures; and of 200 other names, how many are still found, as evaluate.py counts it.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from build_evaluation import atlas
from compute_styles import chosen_pictures, styled
from evaluate import Painter, Retrieval
from pictures import SIZE_PX, Pictures
from train_lora import ABOUT, moved

SIDE_PX = 64
PROMPTS = ("red heart", "grinning face", "cat", "panda", "pizza", "automobile", "house", "sunflower")
OPTIONS = dict(steps=12, guidance=2.5)


def small(pixels):
    """f32[n, 64 * 64 * 3]: means of equal squares."""
    factor = SIZE_PX // SIDE_PX
    squares = pixels.reshape(-1, SIDE_PX, factor, SIDE_PX, factor, 3)
    return torch.from_numpy(squares.mean(axis=(2, 4), dtype=np.float32).reshape(len(pixels), -1))


def nearest(made, known, count):
    """i64[n, count]: rows of `known`."""
    return torch.cdist(small(made), known).topk(count, largest=False).indices.numpy()


def measure_style(name, painter, pictures, retrieval, trigger):
    """(share in the style, share of the right concept among styled pictures)."""
    chosen = chosen_pictures(pictures)
    targets = small(styled(pictures, [(i, None) for i in chosen], name))
    everything = torch.cat([small(pictures.pixels), targets])
    owners = np.array([pictures.entries[i]["hexcode"] for i in chosen])
    made = painter.paint([entry["names"]["en"] + trigger for entry in retrieval.names], **OPTIONS)
    in_style = nearest(made, everything, 1)[:, 0] >= len(pictures)
    found = [(owners[row] == entry["hexcode"]).any() for row, entry in zip(nearest(made, targets, 5), retrieval.names)]
    return float(in_style.mean()), float(np.mean(found))


def measure_concept(painter, folder, pictures, retrieval):
    """(share of the concept's pictures that show it, share of other names still found)."""
    names = json.loads((folder / "mascot.json").read_text())
    own = np.fromfile(folder / "mascot.u8", dtype=np.uint8).reshape(-1, SIZE_PX, SIZE_PX, 3)
    rng = np.random.default_rng(1)
    own = np.concatenate([own, [moved(picture, rng) for picture in own for _ in range(3)]])
    made = painter.paint([names[i % len(names)] for i in range(40)], seed=500, **OPTIONS)
    shows = (nearest(made, torch.cat([small(pictures.pixels), small(own)]), 5) >= len(pictures)).any(axis=1)
    others = painter.paint([entry["names"]["en"] for entry in retrieval.names], **OPTIONS)
    return float(shows.mean()), retrieval.share(others, [entry["hexcode"] for entry in retrieval.names])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(ABOUT))
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    parser.add_argument("--loras", default="../../loras")
    parser.add_argument("--evaluation", default="evaluation")
    parser.add_argument("--no-trigger", action="store_true")
    parser.add_argument("--sheet", help="writes base | LoRA pictures here instead of measuring")
    args = parser.parse_args()
    torch.set_num_threads(2)
    base, having = Painter(args.model), Painter(args.model)
    having.unet.load_lora_adapter(args.loras, weight_name=f"{args.name}.safetensors", prefix="unet")
    folder = Path(args.data)
    if args.name == "zibbo":
        trigger, prompts = "", (*json.loads((folder / "mascot.json").read_text()), "cat")
    else:
        trigger, prompts = "" if args.no_trigger else f", {ABOUT[args.name][0]}", PROMPTS
    if args.sheet:
        rows = [base.paint(list(prompts), **OPTIONS), having.paint([text + trigger for text in prompts], **OPTIONS)]
        Image.fromarray(atlas(np.concatenate(rows), len(prompts))).save(args.sheet)
        return
    pictures, retrieval = Pictures(args.data), Retrieval(args.evaluation)
    for title, painter in (("base", base), (args.name, having)):
        if args.name == "zibbo":
            shows, kept = measure_concept(painter, folder, pictures, retrieval)
            print(f"{title}: zibbo {100 * shows:.1f} % of 40, other names {100 * kept:.1f} % of {len(retrieval.names)}", flush=True)
        else:
            in_style, named = measure_style(args.name, painter, pictures, retrieval, trigger)
            print(f"{title}: in the style {100 * in_style:.1f} %, the right concept {100 * named:.1f} % of {len(retrieval.names)}", flush=True)


if __name__ == "__main__":
    main()
