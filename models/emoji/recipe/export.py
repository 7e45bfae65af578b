"""Writes the model folder: fp16 safetensors, configs, tokenizer, scheduler.

Run at any time: stages without a checkpoint are written with fresh weights.
"""

import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

import checkpoint
from networks import load_tokenizer, new_scheduler, new_text_encoder, new_unet
from train_autoencoder import CONFIG

INDEX = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.42.1",
    "feature_extractor": [None, None],
    "image_encoder": [None, None],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}


def load_part(model, path, prefix=""):
    """Loads the averaged weights whose names begin with `prefix`; False when the file is not there."""
    saved = checkpoint.load(path)
    if saved is not None:
        weights = {k.removeprefix(prefix): v for k, v in saved["average"].items() if k.startswith(prefix)}
        model.load_state_dict(weights)
    return saved is not None


def write_text_encoder(model, folder):
    """Tensor names with Stable Diffusion 1.x's `text_model.` before them, which newer transformers leave off."""
    model.config.architectures, model.config.dtype = ["CLIPTextModel"], "float16"
    model.config.save_pretrained(folder)
    tensors = {f"text_model.{name}": tensor.contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def write_scheduler(folder):
    config = dict(new_scheduler().config)
    config.update(_class_name="DDIMScheduler", steps_offset=0, set_alpha_to_one=True)
    for name in ("variance_type", "_use_default_values"):
        config.pop(name, None)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scheduler_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokenizer", default="tokenizer")
    parser.add_argument("--autoencoder", default="autoencoder-levelled.pt")
    parser.add_argument("--scale", default="latents.json", help="the scaling factor compute_latents.py wrote")
    parser.add_argument("--unet", default="unet.pt", help="holds the text encoder too")
    parser.add_argument("--text", default="text.pt", help="used while there is no --unet")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    out = Path(args.out)
    scale = json.loads(Path(args.scale).read_text())["scaling_factor"] if Path(args.scale).exists() else 1.0
    tokenizer = load_tokenizer(args.tokenizer)
    parts = {"vae": AutoencoderKL(**CONFIG), "text_encoder": new_text_encoder(tokenizer), "unet": new_unet()}
    load_part(parts["vae"], args.autoencoder)
    parts["vae"].register_to_config(scaling_factor=scale)
    if not load_part(parts["text_encoder"], args.unet, "text."):
        load_part(parts["text_encoder"], args.text, "text.")
    load_part(parts["unet"], args.unet, "unet.")
    for name, model in parts.items():
        print(f"{name}: {sum(p.numel() for p in model.parameters()) / 1e6:.2f} M parameters")
        model.half()
        if name == "text_encoder":
            write_text_encoder(model, out / name)
        else:
            model.save_pretrained(out / name, safe_serialization=True)
    shutil.copytree(args.tokenizer, out / "tokenizer", dirs_exist_ok=True)
    write_scheduler(out / "scheduler")
    (out / "model_index.json").write_text(json.dumps(INDEX, indent=2) + "\n")


if __name__ == "__main__":
    main()
