"""Records the configs of Stable Diffusion 1.5, 2.1 and XL with the names and shapes of every tensor their networks have, no numbers.

Command:  python test/golden/networks/make_headers.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0)
The models are made on torch's meta device, so nothing is downloaded and nothing is allocated.
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

SD15_UNET = dict(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
SD21_UNET = dict(
    sample_size=96, cross_attention_dim=1024, attention_head_dim=[5, 10, 20, 20], use_linear_projection=True,
    upcast_attention=True,
)
SDXL_UNET = dict(
    sample_size=128, block_out_channels=[320, 640, 1280], cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
    down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time",
    addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816,
)
SD_VAE = dict(
    block_out_channels=[128, 256, 512, 512], layers_per_block=2, sample_size=512,
    down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
)
SD15_TEXT = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12)
SD21_TEXT = dict(
    hidden_size=1024, intermediate_size=4096, num_attention_heads=16, num_hidden_layers=23, hidden_act="gelu",
)


def header(model, prefix=""):
    config = {**model.config} if not hasattr(model.config, "to_dict") else model.config.to_dict()
    tensors = {prefix + name: list(tensor.shape) for name, tensor in model.state_dict().items()}
    return {"config": {k: v for k, v in config.items() if not k.startswith("_")}, "tensors": tensors}


def main():
    with torch.device("meta"):
        headers = {
            "sd15_unet": header(UNet2DConditionModel(**SD15_UNET)),
            "sd21_unet": header(UNet2DConditionModel(**SD21_UNET)),
            "sdxl_unet": header(UNet2DConditionModel(**SDXL_UNET)),
            "sd_vae": header(AutoencoderKL(**SD_VAE)),
            "sd15_text": header(CLIPTextModel(CLIPTextConfig(**SD15_TEXT)), "text_model."),
            "sd21_text": header(CLIPTextModel(CLIPTextConfig(**SD21_TEXT)), "text_model."),
        }
    out = Path(__file__).parent / "headers.json"
    out.write_text(json.dumps(headers, separators=(",", ":")) + "\n")
    print({name: len(value["tensors"]) for name, value in headers.items()}, out.stat().st_size)


main()
