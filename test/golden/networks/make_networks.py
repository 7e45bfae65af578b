"""Records what diffusers and transformers compute with the folders under test/golden/folders, network by network.

Command:  python test/golden/networks/make_networks.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU)
Single precision throughout; inputs are normal numbers of fixed seeds and lie beside the outputs. One file a folder:
token_ids, hidden; sample, timestep, conditioning, prediction; pixels, mean, std; latents, decoded.
"""

import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel

HERE = Path(__file__).parent
FOLDERS = HERE.parent / "folders"


@torch.no_grad()
def record(folder, seed=7):
    generator = torch.Generator().manual_seed(seed)
    randn = lambda *shape: torch.randn(*shape, generator=generator)
    text = CLIPTextModel.from_pretrained(folder / "text_encoder").float().eval()
    unet = UNet2DConditionModel.from_pretrained(folder / "unet").float().eval()
    vae = AutoencoderKL.from_pretrained(folder / "vae").float().eval()

    tokens, vocab = text.config.max_position_embeddings, text.config.vocab_size
    ids = torch.randint(0, vocab, (2, tokens), generator=generator)
    hidden = text(ids).last_hidden_state

    # Not square; 10 rows are no multiple of 4, so a network with two halvings meets an odd height.
    sample = randn(3, unet.config.in_channels, 10, 14)
    timestep = torch.tensor([981.0, 20.5, 0.0])
    conditioning = randn(3, 9, unet.config.cross_attention_dim)
    prediction = unet(sample, timestep, conditioning).sample

    pixels = (torch.rand(1, 3, 64, 96, generator=generator) * 2 - 1)
    posterior = vae.encode(pixels).latent_dist
    latents = randn(2, vae.config.latent_channels, 4, 6) / vae.config.scaling_factor
    decoded = vae.decode(latents).sample
    return {
        "token_ids": ids.to(torch.int32), "hidden": hidden,
        "sample": sample, "timestep": timestep, "conditioning": conditioning, "prediction": prediction,
        "pixels": pixels, "mean": posterior.mean, "std": posterior.std,
        "latents": latents, "decoded": decoded,
    }


def main():
    # With a folder and a file as arguments: records that folder into that file.
    if len(sys.argv) == 3:
        save_file({k: v.contiguous() for k, v in record(Path(sys.argv[1])).items()}, sys.argv[2])
        return
    for folder in sorted(path for path in FOLDERS.iterdir() if path.is_dir()):
        tensors = {name: tensor.contiguous() for name, tensor in record(folder).items()}
        save_file(tensors, HERE / f"{folder.name}.safetensors")
        print(folder.name, {name: tuple(tensor.shape) for name, tensor in tensors.items()})


if __name__ == "__main__":
    main()
