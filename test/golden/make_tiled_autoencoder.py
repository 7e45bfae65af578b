"""Records what diffusers' autoencoder makes of a picture in tiles, on the folder sd-small.

Command:  python test/golden/make_tiled_autoencoder.py      (diffusers 0.42.1, torch 2.15.0, CPU, one thread)
The tiles are those of enable_tiling(): 64 pixels, 8 latents, an overlap of a quarter. The picture has neither as many rows as columns nor a
multiple of the tile of either; its last tiles are smaller. Writes tiled_autoencoder.safetensors: picture u8[3, h, w], the mean and standard
deviation it is encoded to, latents, and the pixels they are decoded to, half precision; and `whole`, the same latents decoded at once.
"""

from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

HERE = Path(__file__).parent


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    vae = AutoencoderKL.from_pretrained(HERE / "folders" / "sd-small" / "vae")
    generator = torch.Generator().manual_seed(77)
    latents = torch.randn(1, 4, 11, 18, generator=generator) * 3
    picture = torch.randint(0, 256, (3, 88, 144), generator=generator, dtype=torch.uint8)
    pixels = picture[None].float() / 255 * 2 - 1
    whole = vae.decode(latents).sample
    vae.enable_tiling()
    posterior = vae.encode(pixels).latent_dist
    decoded = vae.decode(latents).sample
    print(vae.tile_sample_min_size, vae.tile_latent_min_size, vae.tile_overlap_factor, list(decoded.shape),
          f"spread {decoded.std():.2f}, apart from the whole {(decoded - whole).abs().mean():.3f}")
    arrays = {"picture": picture, "mean": posterior.mean[0], "std": posterior.std[0], "latents": latents[0],
              "decoded": decoded[0].half(), "whole": whole[0].half()}
    save_file({name: tensor.contiguous() for name, tensor in arrays.items()}, HERE / "tiled_autoencoder.safetensors")


if __name__ == "__main__":
    main()
