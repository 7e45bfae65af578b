"""Makes small networks with the config fields the folders do not use, and records what diffusers computes with them.

Command:  python test/golden/networks/make_unusual.py     (diffusers 0.42.1, torch 2.15.0, CPU)
One folder a network: config.json, diffusion_pytorch_model.safetensors, golden.safetensors. Heights and widths are odd on
purpose; weights are normal with gain 1, so that every layer has a say in the result.
"""

import math
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file

OUT = Path(__file__).parent / "unusual"


@torch.no_grad()
def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        draw = torch.randn(parameter.shape, generator=generator)
        if parameter.dim() >= 2:
            parameter.copy_(draw / math.sqrt(parameter[0].numel()))
        else:
            parameter.copy_(draw * 0.1 + (1 if "norm" in name and name.endswith("weight") else 0))
    return model.eval()


def write(name, model, dtype, golden):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    model.to(dtype).save_pretrained(folder)
    save_file({k: v.float().contiguous() for k, v in golden.items()}, folder / "golden.safetensors")
    for path in folder.iterdir():
        path.chmod(0o644)
    print(name, {k: tuple(v.shape) for k, v in golden.items()}, sum(p.stat().st_size for p in folder.iterdir()))


@torch.no_grad()
def unet(name, seed, dtype=torch.float32, **config):
    model = randomise(UNet2DConditionModel(**config), seed).to(dtype).float()
    generator = torch.Generator().manual_seed(seed + 1)
    sample = torch.randn(2, config["in_channels"], 7, 11, generator=generator)
    timestep = torch.tensor([999.0, 3.25])
    conditioning = torch.randn(2, 5, config["cross_attention_dim"], generator=generator)
    prediction = model(sample, timestep, conditioning).sample
    write(name, model, dtype, dict(sample=sample, timestep=timestep, conditioning=conditioning, prediction=prediction))


@torch.no_grad()
def autoencoder(name, seed, **config):
    model = randomise(AutoencoderKL(**config), seed)
    generator = torch.Generator().manual_seed(seed + 1)
    pixels = torch.rand(1, 3, 37, 22, generator=generator) * 2 - 1
    posterior = model.encode(pixels).latent_dist
    latents = torch.randn(1, config["latent_channels"], 5, 7, generator=generator)
    decoded = model.decode(latents).sample
    write(name, model, torch.float32, dict(pixels=pixels, mean=posterior.mean, std=posterior.std, latents=latents,
                                           decoded=decoded))


def main():
    # Odd width, so the time embedding ends in a column of zeros; every list of the config differs from level to level.
    unet("unet-lists", 1, in_channels=3, out_channels=5, block_out_channels=(9, 12), norm_num_groups=3,
         layers_per_block=(1, 2), attention_head_dim=(3, 2), transformer_layers_per_block=(1, 2),
         only_cross_attention=(True, False), cross_attention_dim=6, time_embedding_dim=20, norm_eps=1e-3,
         freq_shift=1, flip_sin_to_cos=False, center_input_sample=True, downsample_padding=0,
         mid_block_scale_factor=1.5, conv_in_kernel=5, conv_out_kernel=1, use_linear_projection=True,
         down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
         up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"))
    unet("unet-no-mid", 2, torch.bfloat16, in_channels=4, out_channels=4, block_out_channels=(8, 8, 8),
         norm_num_groups=2, layers_per_block=1, attention_head_dim=2, cross_attention_dim=4, mid_block_type=None,
         down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
         up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"))
    unet("unet-plain-mid", 3, in_channels=4, out_channels=4, block_out_channels=(8,), norm_num_groups=4,
         layers_per_block=1, attention_head_dim=1, cross_attention_dim=4, mid_block_type="UNetMidBlock2D",
         down_block_types=("CrossAttnDownBlock2D",), up_block_types=("UpBlock2D",))
    # 37 x 22 pixels and two halvings that round down.
    autoencoder("vae-bare", 4, latent_channels=2, block_out_channels=(4, 8, 8), layers_per_block=1, norm_num_groups=2,
                use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False,
                down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3)
    autoencoder("vae-flat", 5, latent_channels=3, block_out_channels=(6,), layers_per_block=2, norm_num_groups=3,
                down_block_types=("DownEncoderBlock2D",), up_block_types=("UpDecoderBlock2D",))


main()
