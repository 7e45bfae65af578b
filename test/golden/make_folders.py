"""Makes the tiny random-weight model folders under test/golden/folders that the engine is compared with diffusers on.

Command:  python test/golden/make_folders.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU)
Seeds are fixed, so the same versions write the same bytes. Weights are normal with a gain that keeps activations near
variance one, and the last layer of each network is scaled by what it measured, so that outputs are not degenerate:
U-Net predictions have variance about one and pictures neither vanish nor saturate everywhere.
"""

import json
import math
import shutil
from collections import Counter
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from tokenizers import pre_tokenizers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

OUT = Path(__file__).parent / "folders"
WORDS = (
    "a red heart on white paper an old house in the snow at night two cats look at the moon blue green yellow "
    "smiling face with open eyes picture of tree flower apple fire water star cloud rain blurry dark low quality "
    "noto style flat 3d the and of hearted reddish houses"
)


def train_merges(text, count):
    """Byte-pair merges of the words, most frequent pair first, ties by order of appearance."""
    words = [[*word[:-1], word[-1] + "</w>"] for word in text.lower().split()]
    merges = []
    while len(merges) < count:
        pairs = Counter(pair for word in words for pair in zip(word, word[1:]))
        if not pairs:
            break
        best = max(pairs, key=pairs.get)
        merges.append(best)
        words = [merge_word(word, best) for word in words]
    return merges


def merge_word(word, pair):
    out = []
    for unit in word:
        if out and (out[-1], unit) == pair:
            out[-1] += unit
        else:
            out.append(unit)
    return out


def write_tokenizer(folder, max_tokens, pad_token):
    """Vocabulary as CLIP orders it: bytes, bytes at a word's end, merges, the two markers."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = train_merges(WORDS, 90)
    units = [*alphabet, *(unit + "</w>" for unit in alphabet), *(a + b for a, b in merges)]
    vocab = {unit: i for i, unit in enumerate([*units, "<|startoftext|>", "<|endoftext|>"])}
    CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=max_tokens, pad_token=pad_token).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    markers = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    (folder / "special_tokens_map.json").write_text(json.dumps({**markers, "pad_token": pad_token}, indent=2) + "\n")
    return vocab


@torch.no_grad()
def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        draw = torch.randn(parameter.shape, generator=generator)
        if "embedding.weight" in name or "embeddings" in name:
            parameter.copy_(draw * 0.5)
        elif parameter.dim() >= 2:
            parameter.copy_(draw * 1.1 / math.sqrt(parameter[0].numel()))
        else:
            parameter.copy_(draw * 0.1 + (1 if name.endswith("weight") else 0))
    return model.eval()


@torch.no_grad()
def scale_last(layer, rows, wanted_std, measured):
    factor = wanted_std / measured.std()
    layer.weight[rows] *= factor
    layer.bias[rows] *= factor


def make_text_encoder(vocab, seed, **config):
    ids = {"bos_token_id": vocab["<|startoftext|>"], "eos_token_id": vocab["<|endoftext|>"]}
    return randomise(CLIPTextModel(CLIPTextConfig(vocab_size=len(vocab), **ids, **config)), seed)


@torch.no_grad()
def make_unet(seed, **config):
    unet = randomise(UNet2DConditionModel(**config), seed)
    generator = torch.Generator().manual_seed(seed + 1)
    latents = torch.randn(4, config["in_channels"], 12, 8, generator=generator)
    hidden = torch.randn(4, 16, config["cross_attention_dim"], generator=generator)
    out = unet(latents, torch.tensor([10, 300, 600, 990]), hidden).sample
    scale_last(unet.conv_out, slice(None), 1.0, out)
    return unet


@torch.no_grad()
def make_vae(seed, **config):
    vae = randomise(AutoencoderKL(**config), seed)
    generator = torch.Generator().manual_seed(seed + 1)
    latents = torch.randn(2, config["latent_channels"], 6, 4, generator=generator) / config["scaling_factor"]
    scale_last(vae.decoder.conv_out, slice(None), 0.45, vae.decode(latents).sample)
    scale_last_moments(vae, torch.rand(2, 3, 96, 64, generator=generator) * 2 - 1)
    return vae


@torch.no_grad()
def scale_last_moments(vae, pictures):
    """Means with the variance the scaling factor says; log variances around -2, so that sampling is visible."""
    channels = vae.config.latent_channels
    last = vae.quant_conv if vae.quant_conv is not None else vae.encoder.conv_out
    posterior = vae.encode(pictures).latent_dist
    scale_last(last, slice(0, channels), 1 / vae.config.scaling_factor, posterior.mean)
    scale_last(last, slice(channels, None), 0.7, posterior.logvar)
    last.bias[channels:] -= 2


def write_part(model, folder, dtype, text_prefix=False):
    """Writes config and weights; published text encoders carry the prefix text_model., fresh exports do not."""
    model.save_pretrained(folder, safe_serialization=True)
    (weights,) = folder.glob("*.safetensors")
    prefix = "text_model." if text_prefix else ""
    tensors = {prefix + name: tensor.to(dtype).contiguous() for name, tensor in load_file(weights).items()}
    save_file(tensors, weights, metadata={"format": "pt"})
    for extra in folder.glob("generation_config.json"):
        extra.unlink()


def write_folder(name, dtype, seed, max_tokens, pad_token, text, text_prefix, unet, vae, scheduler):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    vocab = write_tokenizer(folder / "tokenizer", max_tokens, pad_token)
    encoder = make_text_encoder(vocab, seed, max_position_embeddings=max_tokens, **text)
    write_part(encoder, folder / "text_encoder", dtype, text_prefix)
    write_part(make_unet(seed + 10, **unet), folder / "unet", dtype)
    write_part(make_vae(seed + 20, **vae), folder / "vae", dtype)
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    write_json(folder / "model_index.json", model_index(scheduler["_class_name"]))


def model_index(scheduler_class):
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", scheduler_class],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def sd_small():
    """Like Stable Diffusion 1.x, two levels: quick_gelu text encoder, convolutional projections, epsilon."""
    write_folder(
        "sd-small", torch.float32, 100, max_tokens=77, pad_token="<|endoftext|>", text_prefix=True,
        text=dict(hidden_size=16, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                  hidden_act="quick_gelu", projection_dim=16),
        unet=dict(sample_size=12, in_channels=4, out_channels=4, block_out_channels=(8, 16), layers_per_block=2,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
                  cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4),
        vae=dict(in_channels=3, out_channels=3, latent_channels=4, sample_size=64, layers_per_block=1,
                 block_out_channels=(8, 8, 8, 12), norm_num_groups=4, scaling_factor=0.18215,
                 down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4),
        scheduler=dict(_class_name="PNDMScheduler", _diffusers_version="0.6.0", beta_start=0.00085, beta_end=0.012,
                       beta_schedule="scaled_linear", num_train_timesteps=1000, set_alpha_to_one=False,
                       skip_prk_steps=True, steps_offset=1, trained_betas=None, clip_sample=False),
    )


def v_linear():
    """Three levels, linear projections, two transformer layers, head counts per block, v prediction, fp16 weights."""
    write_folder(
        "v-linear", torch.float16, 200, max_tokens=32, pad_token="!", text_prefix=True,
        text=dict(hidden_size=24, intermediate_size=48, num_hidden_layers=3, num_attention_heads=3, hidden_act="gelu",
                  projection_dim=24),
        unet=dict(sample_size=16, in_channels=4, out_channels=4, block_out_channels=(8, 16, 24), layers_per_block=1,
                  down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
                  cross_attention_dim=24, attention_head_dim=(2, 4, 8), use_linear_projection=True,
                  transformer_layers_per_block=2, norm_num_groups=8),
        vae=dict(in_channels=3, out_channels=3, latent_channels=4, sample_size=128, layers_per_block=2,
                 block_out_channels=(8, 16, 16, 16), norm_num_groups=8, scaling_factor=0.13025,
                 down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4),
        scheduler=dict(_class_name="DDIMScheduler", _diffusers_version="0.42.1", beta_start=0.0001, beta_end=0.02,
                       beta_schedule="linear", num_train_timesteps=1000, prediction_type="v_prediction",
                       timestep_spacing="trailing", steps_offset=0, set_alpha_to_one=True, clip_sample=False),
    )


def plain_mid():
    """A middle without attention, a deep autoencoder (x16, 8 channels) without attention or quant convolutions, clipping."""
    write_folder(
        "plain-mid", torch.float32, 300, max_tokens=24, pad_token="<|endoftext|>", text_prefix=False,
        text=dict(hidden_size=16, intermediate_size=40, num_hidden_layers=1, num_attention_heads=4,
                  hidden_act="quick_gelu", projection_dim=16),
        unet=dict(sample_size=8, in_channels=8, out_channels=8, block_out_channels=(12, 18), layers_per_block=1,
                  down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), mid_block_type="UNetMidBlock2D",
                  up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
                  cross_attention_dim=16, attention_head_dim=3, norm_num_groups=6, flip_sin_to_cos=False, freq_shift=1),
        vae=dict(in_channels=3, out_channels=3, latent_channels=8, sample_size=128, layers_per_block=1,
                 block_out_channels=(4, 8, 8, 8, 12), norm_num_groups=2, scaling_factor=0.6,
                 mid_block_add_attention=False, use_quant_conv=False, use_post_quant_conv=False,
                 down_block_types=("DownEncoderBlock2D",) * 5, up_block_types=("UpDecoderBlock2D",) * 5),
        scheduler=dict(_class_name="DDPMScheduler", _diffusers_version="0.42.1", beta_start=0.0001, beta_end=0.02,
                       beta_schedule="squaredcos_cap_v2", num_train_timesteps=1000, prediction_type="epsilon",
                       timestep_spacing="leading", steps_offset=0, clip_sample=True, clip_sample_range=3.0,
                       variance_type="fixed_small"),
    )


def report():
    for folder in sorted(OUT.iterdir()):
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        print(f"{folder.name}: {size / 1024:.0f} KiB")


if __name__ == "__main__":
    sd_small()
    v_linear()
    plain_mid()
    report()
