"""Stage 1b: levels the latent channels and encodes every picture once.

Levelling folds z' = (z - mean) / sigma into the 1x1 convolutions on either side of the latents, sigma being the
channel's mean posterior width. The KL term has made that width large where the decoder is insensitive, so one unit
of z' costs about the same picture error in every channel, and the U-Net's plain squared error weighs them fairly.

Writes the levelled autoencoder, latents.f16 (f16[m, 32, 8, 8], already times the scaling factor) and latents.json.
"""

import argparse
import json

import numpy as np
import torch
from diffusers import AutoencoderKL

import checkpoint
from pictures import COLOURS, Pictures, tint, to_tensor
from train_autoencoder import CONFIG

TINTS_PER_CONCEPT = 3
FLAGS_GROUP = 9
# Words of English labels whose pictures are recoloured in every colour: what people ask for first.
FAVOURITES = {"heart", "cat", "dog", "car", "rose", "apple", "star", "house", "balloon", "butterfly", "bird", "fish", "dragon"}


@torch.no_grad()
def encode(vae, pixels, batch=32):
    """u8[n, 128, 128, 3] -> (mean, standard deviation), each f32[n, 32, 8, 8]."""
    parts = [vae.encode(to_tensor(pixels[i : i + batch])).latent_dist for i in range(0, len(pixels), batch)]
    return torch.cat([p.mean for p in parts]), torch.cat([p.std for p in parts])


@torch.no_grad()
def level(vae, mean, sigma):
    """Folds the per-channel affine into quant_conv (mean and log variance) and post_quant_conv. mean, sigma: f32[32]."""
    channels = len(mean)
    quant, post = vae.quant_conv, vae.post_quant_conv
    quant.weight[:channels] /= sigma[:, None, None, None]
    quant.bias[:channels] = (quant.bias[:channels] - mean) / sigma
    quant.bias[channels:] -= 2 * sigma.log()
    post.bias += post.weight[:, :, 0, 0] @ mean
    post.weight *= sigma[None, :, None, None]


def plan_tints(pictures, rng):
    """[(picture index, colour)]: per concept three random colours, all of them for favourites, none for flags."""
    rows = {}
    for i, entry in enumerate(pictures.entries):
        rows.setdefault(entry["hexcode"], []).append(i)
    plan = []
    for concept in pictures.concepts:
        if concept["group"] == FLAGS_GROUP:
            continue
        favourite = FAVOURITES & set(concept["names"]["en"]["label"].split())
        colours = rng.choice(list(COLOURS), len(COLOURS) if favourite else TINTS_PER_CONCEPT, replace=False)
        plan += [(int(rng.choice(rows[concept["hexcode"]])), str(colour)) for colour in colours]
    return plan


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--autoencoder", default="autoencoder.pt")
    parser.add_argument("--levelled", default="autoencoder-levelled.pt")
    parser.add_argument("--out", default="latents")
    args = parser.parse_args()
    torch.set_num_threads(2)
    pictures = Pictures(args.data)
    vae = AutoencoderKL(**CONFIG)
    vae.load_state_dict(checkpoint.load(args.autoencoder)["average"])
    vae.eval().to(memory_format=torch.channels_last)
    mean, deviation = encode(vae, pictures.pixels)
    centre, sigma = mean.mean(dim=(0, 2, 3)), deviation.mean(dim=(0, 2, 3))
    level(vae, centre, sigma)
    latents = (mean - centre[:, None, None]) / sigma[:, None, None]
    factor = round(float(1 / latents.std()), 6)
    print(f"scaling factor {factor}, channel deviations {(latents * factor).std(dim=(0, 2, 3)).numpy().round(2)}", flush=True)
    checkpoint.save(args.levelled, average=vae.state_dict())

    plan = plan_tints(pictures, np.random.default_rng(0))
    parts = [latents.half()]
    for start in range(0, len(plan), 1024):
        pixels = np.stack([tint(pictures.pixels[i], colour) for i, colour in plan[start : start + 1024]])
        parts.append(encode(vae, pixels)[0].half())
        print(f"{start + len(pixels)} of {len(plan)} recoloured pictures", flush=True)
    everything = torch.cat(parts) * factor
    everything.half().numpy().tofile(f"{args.out}.f16")
    entries = [[i, None] for i in range(len(pictures))] + [list(tint) for tint in plan]
    with open(f"{args.out}.json", "w") as file:
        json.dump({"scaling_factor": factor, "entries": entries}, file)


if __name__ == "__main__":
    main()
