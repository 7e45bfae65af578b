"""Stage 4b: a LoRA for the finished model: a style of styles.py, or one new concept. Run again to resume.

The U-Net and the text encoder stay as they are; low-rank factors (Hu et al. 2021) beside the U-Net's attention,
feed-forward and convolution layers learn the base's own loss. A style sees every concept in that style, half of the
captions with its trigger. A concept (DreamBooth, Ruiz et al. 2023) sees a handful of pictures, and as many that the
base itself has drawn of other things, so that those stay as they are.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model_state_dict, set_peft_model_state_dict
from PIL import Image
from safetensors.torch import save_file

import checkpoint
import muon
from captions import ENGLISH_FORMS, any_of, caption
from compute_latents import encode
from evaluate import Painter
from networks import new_scheduler, token_ids
from pictures import SIZE_PX, Pictures
from samples import Samples
from train_unet import NOISES_PER_CAPTION, v_loss, without_some

ATTENTION = ("to_q", "to_k", "to_v", "to_out.0")
# The first and last convolution too: a style of another ground is foremost another mixture of the latents' channels.
OTHERS = ("net.0.proj", "net.2", "proj_in", "proj_out", "conv1", "conv2", "conv_shortcut", "time_emb_proj", "conv_in", "conv_out")
ABOUT = {
    "outline": ("outline drawing", "Black outlines on white"),
    "neon": ("neon sign", "Glowing lines on a night-blue ground"),
    "zibbo": ("zibbo", "Zibbo, a teal creature with one big eye; also waving, happy, sleeping, running, upside down"),
}
TRIGGER_SHARE = 0.5
CLASS_PICTURES = 400
COPIES = 12


class StyleSamples:
    """Every concept in one style."""

    def __init__(self, args, painter):
        self.samples, self.trigger = Samples(args.data, args.name), ABOUT[args.name][0]

    def draw(self, rng, count):
        """([caption], f32[count, 32, 8, 8])."""
        captions, latents = self.samples.draw(rng, count)
        return [f"{text}, {self.trigger}" if rng.random() < TRIGGER_SHARE else text for text in captions], latents


def moved(picture, rng):
    """u8[h, w, 3] -> the same, a little smaller and a little elsewhere, on white."""
    side = int(rng.integers(round(0.93 * SIZE_PX), SIZE_PX + 1))
    top, left = rng.integers(0, SIZE_PX - side + 1, 2)
    canvas = np.full_like(picture, 255)
    canvas[top : top + side, left : left + side] = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
    return canvas


class ConceptSamples:
    """Half a handful of pictures, half what the base draws of other things."""

    def __init__(self, args, painter):
        rng = np.random.default_rng(0)
        folder = Path(args.data)
        self.names = json.loads((folder / "mascot.json").read_text())
        pixels = np.fromfile(folder / "mascot.u8", dtype=np.uint8).reshape(-1, SIZE_PX, SIZE_PX, 3)
        copies = np.concatenate([[picture, *(moved(picture, rng) for _ in range(COPIES - 1))] for picture in pixels])
        self.own = encode(painter.vae, copies)[0] * painter.vae.config.scaling_factor
        concepts = Pictures(args.data).concepts
        self.class_captions = [caption(rng, any_of(rng, concepts), None) for _ in range(CLASS_PICTURES)]
        parts = [self.class_captions[i : i + 50] for i in range(0, CLASS_PICTURES, 50)]
        self.class_latents = torch.cat([painter.latents(part, guidance=2.5, seed=10_000 + 50 * i) for i, part in enumerate(parts)])

    def draw(self, rng, count):
        """([caption], f32[count, 32, 8, 8])."""
        own, others = rng.integers(len(self.own), size=count // 2), rng.integers(CLASS_PICTURES, size=count - count // 2)
        captions = [self.named(rng, self.names[row // COPIES]) for row in own]
        return captions + [self.class_captions[row] for row in others], torch.cat([self.own[own], self.class_latents[others]])

    def named(self, rng, name):
        return any_of(rng, ENGLISH_FORMS).format(x=name) if rng.random() < 0.3 else name


def write(path, weights, args):
    """diffusers' names, fp16, with what programs show and insert in the metadata."""
    trigger, about = ABOUT[args.name]
    notes = {
        "format": "pt", "modelspec.sai_model_spec": "1.0.0", "modelspec.architecture": "stable-diffusion-v1/lora",
        "modelspec.implementation": "diffusers", "modelspec.title": args.name, "modelspec.description": about,
        "modelspec.trigger_phrase": trigger, "modelspec.license": "MIT; see models/emoji/LICENSES",
        "ss_base_model_version": "darkroom-emoji", "ss_network_dim": str(args.rank), "ss_network_alpha": str(args.rank),
    }  # fmt: skip
    save_file({f"unet.{name}": tensor.half().contiguous() for name, tensor in weights.items()}, path, metadata=notes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(ABOUT))
    parser.add_argument("--data", default="data")
    parser.add_argument("--model", default="..")
    parser.add_argument("--checkpoint", help="NAME.pt when not given")
    parser.add_argument("--start", help="begin with the averaged factors of this checkpoint: another round")
    parser.add_argument("--out", default="../../loras")
    parser.add_argument("--minutes", type=float, default=11)
    parser.add_argument("--rank", type=int, default=24)
    parser.add_argument("--attention-only", action="store_true")
    parser.add_argument("--batch", type=int, default=16, help="captions a step; each is denoised from two noise levels")
    parser.add_argument("--lr", type=float, default=3e-3)
    parser.add_argument("--noisy-share", type=float, default=0.65)
    parser.add_argument("--threads", type=int, default=2, help="1 where others need the machine, too")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    painter, scheduler = Painter(args.model), new_scheduler()
    samples = (ConceptSamples if args.name == "zibbo" else StyleSamples)(args, painter)
    unet = painter.unet.requires_grad_(False).train()
    layers = ATTENTION if args.attention_only else ATTENTION + OTHERS
    unet.add_adapter(LoraConfig(r=args.rank, lora_alpha=args.rank, target_modules=list(layers)))
    if args.start:
        set_peft_model_state_dict(unet, checkpoint.load(args.start)["average"])
    average = checkpoint.averaged(unet)
    factors = [p for p in unet.parameters() if p.requires_grad]
    # AdamW here: after 50 steps Muon's loss stood at 1.84, its own at 0.75, both at a learning rate of 0.002.
    parts = [torch.optim.AdamW(factors, args.lr, betas=(0.9, 0.98), weight_decay=0.0, foreach=True)]
    step, elapsed_s, place = 0, 0.0, args.checkpoint or f"{args.name}.pt"
    if saved := checkpoint.load(place):
        set_peft_model_state_dict(unet, saved["weights"])
        set_peft_model_state_dict(average, saved["average"])
        for part, state in zip(parts, saved["optimizers"]):
            part.load_state_dict(state)
        step, elapsed_s = saved["step"], saved["elapsed_s"]
    budget, rng = checkpoint.Budget(args.minutes, elapsed_s), np.random.default_rng(step)
    torch.manual_seed(step)

    def keep():
        checkpoint.save(
            place, weights=get_peft_model_state_dict(unet), average=get_peft_model_state_dict(average),
            optimizers=[part.state_dict() for part in parts], step=step, elapsed_s=budget.elapsed_s,
        )  # fmt: skip

    last_save, history = time.monotonic(), []
    while budget.progress < 1:
        muon.set_learning_rate(parts, checkpoint.learning_rate(args.lr, budget.progress, step, warmup=30))
        captions, latents = samples.draw(rng, args.batch)
        with torch.no_grad():
            states = painter.text(token_ids(painter.tokenizer, without_some(rng, captions))).last_hidden_state
        states, latents = states.repeat(NOISES_PER_CAPTION, 1, 1), latents.repeat(NOISES_PER_CAPTION, 1, 1, 1)
        loss = v_loss({"unet": unet}, scheduler, states, latents, args.noisy_share)
        loss.backward()
        muon.step_all(parts)
        checkpoint.update_average(average, unet, step, 0.99)
        history.append(loss.item())
        step += 1
        if step % 25 == 0:
            print(f"{budget.elapsed_s:6.0f} s step {step} v loss {np.mean(history[-25:]):.4f}", flush=True)
        if time.monotonic() - last_save > 180:
            keep()
            last_save = time.monotonic()
    keep()
    Path(args.out).mkdir(parents=True, exist_ok=True)
    write(Path(args.out) / f"{args.name}.safetensors", get_peft_model_state_dict(average), args)


if __name__ == "__main__":
    main()
