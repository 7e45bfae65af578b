"""Draws pictures with an exported folder and measures them. Python's counterpart of the engine's own evaluation.

Retrieval: a picture counts when a training picture of the same concept is among the five nearest (L2 of 32x32 RGB on
white) of all training pictures.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextModel

from build_evaluation import COLUMNS, THUMBNAIL_PX, atlas, thumbnails
from networks import load_tokenizer, token_ids
from pictures import to_pixels

SAMPLERS = {"ddim": DDIMScheduler, "dpmpp_2m": DPMSolverMultistepScheduler, "euler": EulerDiscreteScheduler}
SHEET = (
    "red heart", "blue heart", "broken heart", "grinning face", "crying face", "smiling face with sunglasses", "angry face", "robot",
    "cat", "dog face", "panda", "fox", "lion", "tiger face", "frog", "pig face",
    "unicorn", "octopus", "butterfly", "penguin", "owl", "turtle", "fish", "elephant",
    "pizza", "hamburger", "red apple", "banana", "watermelon", "strawberry", "carrot", "doughnut",
    "birthday cake", "ice cream", "hot beverage", "beer mug", "cheese wedge", "bread", "grapes", "sushi",
    "rocket", "airplane", "automobile", "bicycle", "house", "sailboat", "locomotive", "fire engine",
    "sun", "crescent moon", "rainbow", "snowman", "fire", "star", "rose", "sunflower",
    "cactus", "Christmas tree", "guitar", "soccer ball", "crown", "gem stone", "light bulb", "ghost",
)  # fmt: skip


class Painter:
    """The exported folder, in fp32 on the CPU."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.tokenizer = load_tokenizer(self.folder / "tokenizer")
        self.text = CLIPTextModel.from_pretrained(self.folder / "text_encoder", dtype=torch.float32).eval()
        self.unet = UNet2DConditionModel.from_pretrained(self.folder / "unet", torch_dtype=torch.float32).eval()
        self.vae = AutoencoderKL.from_pretrained(self.folder / "vae", torch_dtype=torch.float32).eval()

    @torch.no_grad()
    def states(self, texts):
        return self.text(token_ids(self.tokenizer, texts)).last_hidden_state

    def predicted(self, noisy, t, states):
        """v, f32[n, 32, 8, 8]; the first half of the rows is without the caption."""
        return self.unet(noisy, t, states).sample

    @torch.no_grad()
    def latents(self, texts, sampler="dpmpp_2m", steps=12, guidance=4, seed=0, negative=""):
        """f32[n, 32, 8, 8]; picture i starts from seed + i."""
        scheduler = SAMPLERS[sampler].from_pretrained(self.folder / "scheduler")
        scheduler.set_timesteps(steps)
        states = torch.cat([self.states([negative] * len(texts)), self.states(texts)])
        shape = (self.unet.config.in_channels, self.unet.config.sample_size, self.unet.config.sample_size)
        x = torch.stack([torch.randn(shape, generator=torch.Generator().manual_seed(seed + i)) for i in range(len(texts))])
        x = x * scheduler.init_noise_sigma
        for t in scheduler.timesteps:
            made = self.predicted(scheduler.scale_model_input(torch.cat([x, x]), t), t, states)
            without, having = made.chunk(2)
            x = scheduler.step(without + guidance * (having - without), t, x).prev_sample
        return x

    @torch.no_grad()
    def decode(self, latents):
        """u8[n, 128, 128, 3]."""
        return to_pixels(self.vae.decode(latents / self.vae.config.scaling_factor).sample)

    def paint(self, texts, batch=50, seed=0, **options):
        parts = [
            self.decode(self.latents(texts[i : i + batch], seed=seed + i, **options)) for i in range(0, len(texts), batch)
        ]
        return np.concatenate(parts)


class Retrieval:
    """The training pictures' thumbnails and concepts, from the evaluation folder."""

    def __init__(self, folder):
        folder = Path(folder)
        self.hexcodes = np.array([hexcode for hexcode, _ in json.loads((folder / "pictures.json").read_text())])
        self.names = json.loads((folder / "names.json").read_text())
        sheet = np.asarray(Image.open(folder / "pictures.webp").convert("RGB"))
        rows = sheet.shape[0] // THUMBNAIL_PX
        tiles = sheet.reshape(rows, THUMBNAIL_PX, COLUMNS, THUMBNAIL_PX, 3).swapaxes(1, 2)
        tiles = tiles.reshape(-1, THUMBNAIL_PX, THUMBNAIL_PX, 3)[: len(self.hexcodes)]
        self.tiles = torch.from_numpy(tiles.reshape(len(tiles), -1)).float()

    def share(self, pixels, hexcodes, nearest=5):
        """The share of u8[n, 128, 128, 3] whose own concept is among the nearest training pictures."""
        made = torch.from_numpy(thumbnails(pixels).reshape(len(pixels), -1)).float()
        found = torch.cdist(made, self.tiles).topk(nearest, largest=False).indices.numpy()
        return float(np.mean([(self.hexcodes[row] == hexcode).any() for row, hexcode in zip(found, hexcodes)]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default="..")
    parser.add_argument("--evaluation", default="evaluation")
    parser.add_argument("--languages", default="en,zh,ru")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--sampler", choices=SAMPLERS, default="dpmpp_2m")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--guidance", type=float, default=4)
    parser.add_argument("--suffix", default="", help="appended to every name, for example ', noto style'")
    parser.add_argument("--sheet", help="writes a contact sheet of 64 pictures here instead of measuring")
    args = parser.parse_args()
    torch.set_num_threads(2)
    painter = Painter(args.model)
    options = dict(sampler=args.sampler, steps=args.steps, guidance=args.guidance)
    if args.sheet:
        Image.fromarray(atlas(painter.paint([name + args.suffix for name in SHEET], **options), 8)).save(args.sheet)
        return
    retrieval = Retrieval(args.evaluation)
    names = retrieval.names[: args.count]
    for language in args.languages.split(","):
        start = time.monotonic()
        pixels = painter.paint([entry["names"][language] + args.suffix for entry in names], **options)
        share = retrieval.share(pixels, [entry["hexcode"] for entry in names])
        took = (time.monotonic() - start) / len(names)
        print(f"{language}: {100 * share:.1f} % of {len(names)} ({took:.2f} s a picture)", flush=True)


if __name__ == "__main__":
    main()
