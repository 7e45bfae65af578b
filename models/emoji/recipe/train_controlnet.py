"""Stage 5b: a ControlNet for the finished model, silhouette -> emoji (Zhang et al. 2023). Run again to resume.

A copy of the U-Net's encoder half that also sees the map; what it finds enters the frozen U-Net through convolutions
that start at zero, so that at step 0 nothing has changed. Trained by the base's own loss on moved pictures: the
caption does not tell where and how the figure stands, the map does.
"""

import argparse
import json
import time

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ControlNetModel

import checkpoint
import muon
from captions import UNSTYLED_SHARE, caption
from evaluate import Painter
from networks import new_scheduler, token_ids
from pictures import SIZE_PX, Pictures
from train_unet import is_hidden, stratified_timesteps

# 128x128 -> 8x8 in four strides; narrow where the map is large.
HINT_CHANNELS = (8, 16, 32, 64, 96)
# More empty captions than the base has seen: the network is to recognise things by the map, too.
EMPTY_SHARE = 0.2


class ControlSamples:
    """Draws captions, latents f32[n, 32, 8, 8] and maps f32[n, 3, 128, 128] in 0..1."""

    def __init__(self, data, place):
        pictures = Pictures(data)
        concepts = {c["hexcode"]: c for c in pictures.concepts}
        with open(f"{place}.json") as file:
            entries = [pictures.entries[i] for i in json.load(file)]
        self.entries = [(concepts[entry["hexcode"]], entry["style"]) for entry in entries]
        self.latents = np.fromfile(f"{place}.f16", dtype=np.float16).reshape(-1, 32, 8, 8)
        self.bits = np.fromfile(f"{place}.bits", dtype=np.uint8).reshape(len(self.entries), -1)

    def draw(self, rng, count):
        rows = rng.integers(len(self.entries), size=count)
        captions = ["" if rng.random() < EMPTY_SHARE else self.caption(rng, *self.entries[row]) for row in rows]
        maps = np.unpackbits(self.bits[rows], axis=1).reshape(count, 1, SIZE_PX, SIZE_PX).repeat(3, axis=1)
        return captions, torch.from_numpy(self.latents[rows]).float(), torch.from_numpy(maps).float()

    def caption(self, rng, concept, style):
        is_plain = style == "twemoji" and rng.random() < UNSTYLED_SHARE
        return caption(rng, concept, None if is_plain else style)


def loss_of(unet, controlnet, scheduler, states, latents, maps, noisy_share):
    """Squared error of v."""
    noise, timesteps = torch.randn_like(latents), stratified_timesteps(len(latents), noisy_share)
    noisy = scheduler.add_noise(latents, noise, timesteps)
    down, middle = controlnet(noisy, timesteps, states, controlnet_cond=maps, return_dict=False)
    made = unet(noisy, timesteps, states, down_block_additional_residuals=down, mid_block_additional_residual=middle).sample
    return F.mse_loss(made, scheduler.get_velocity(latents, noise, timesteps))


def is_hidden_control(name):
    """The zero convolutions and the map's first and last layers go to AdamW."""
    outer = ("controlnet_cond_embedding.conv_in", "controlnet_cond_embedding.conv_out", "controlnet_down", "controlnet_mid")
    return is_hidden(name) and not name.startswith(outer)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    parser.add_argument("--samples", default="control")
    parser.add_argument("--checkpoint", default="controlnet.pt")
    parser.add_argument("--out", default="../../controlnets/emoji-silhouette")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--noisy-share", type=float, default=0.7)
    parser.add_argument("--threads", type=int, default=2, help="1 where others need the machine, too")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    painter, scheduler, samples = Painter(args.model), new_scheduler(), ControlSamples(args.data, args.samples)
    unet = painter.unet.requires_grad_(False)
    controlnet = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=HINT_CHANNELS).requires_grad_(True)
    average = checkpoint.averaged(controlnet)
    parts = muon.optimizers(controlnet, args.lr, is_hidden_control, weight_decay=0.0)
    step, elapsed_s = 0, 0.0
    if saved := checkpoint.load(args.checkpoint):
        controlnet.load_state_dict(saved["weights"])
        average.load_state_dict(saved["average"])
        for part, state in zip(parts, saved["optimizers"]):
            part.load_state_dict(state)
        step, elapsed_s = saved["step"], saved["elapsed_s"]
    budget, rng = checkpoint.Budget(args.minutes, elapsed_s), np.random.default_rng(step)
    torch.manual_seed(step)

    def keep():
        checkpoint.save(
            args.checkpoint, weights=controlnet.state_dict(), average=average.state_dict(),
            optimizers=[part.state_dict() for part in parts], step=step, elapsed_s=budget.elapsed_s,
        )  # fmt: skip

    last_save, history = time.monotonic(), []
    while budget.progress < 1:
        muon.set_learning_rate(parts, checkpoint.learning_rate(args.lr, budget.progress, step, warmup=50))
        captions, latents, maps = samples.draw(rng, args.batch)
        with torch.no_grad():
            states = painter.text(token_ids(painter.tokenizer, captions)).last_hidden_state
        loss = loss_of(unet, controlnet, scheduler, states, latents, maps, args.noisy_share)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(controlnet.parameters(), 1.0)
        muon.step_all(parts)
        checkpoint.update_average(average, controlnet, step, 0.99)
        history.append(loss.item())
        step += 1
        if step % 25 == 0:
            print(f"{budget.elapsed_s:6.0f} s step {step} v loss {np.mean(history[-25:]):.4f}", flush=True)
        if time.monotonic() - last_save > 180:
            keep()
            last_save = time.monotonic()
    keep()
    average.half().save_pretrained(args.out, safe_serialization=True)


if __name__ == "__main__":
    main()
