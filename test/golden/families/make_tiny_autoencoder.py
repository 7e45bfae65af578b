"""Makes a tiny AutoencoderTiny (TAESD) and records what diffusers paints with it in the place of sd2-zsnr's autoencoder.

Command:  python test/golden/families/make_tiny_autoencoder.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes vaes/tiny, the network's folder, and tiny.safetensors: pixels -> encoded, latents -> decoded, and for one picture from text and one
from a picture the final latents and 8-bit pixels, with their requests in tiny.json. Needs models/sd2-zsnr.
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from safetensors.torch import save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))
import make_folders  # noqa: E402
import make_pipelines  # noqa: E402
from make_families import IMAGE, TEXT  # noqa: E402


@torch.no_grad()
def make_vae():
    vae = make_folders.randomise(AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8),
        num_encoder_blocks=(1, 2, 1, 1), num_decoder_blocks=(2, 1, 1, 1)), 900)
    generator = torch.Generator().manual_seed(901)
    latents = torch.randn(2, 4, 6, 4, generator=generator)
    decoded = vae.decode(latents).sample / 2
    make_folders.scale_last(vae.decoder.layers[-1], slice(None), 0.22, decoded)
    pictures = torch.rand(2, 3, 96, 64, generator=generator) * 2 - 1
    make_folders.scale_last(vae.encoder.layers[-1], slice(None), 1.0, vae.encode(pictures).latents)
    vae.decoder.layers[-1].bias += 0.5
    return vae.eval()


@torch.no_grad()
def main():
    vae = make_vae()
    vae.save_pretrained(HERE / "vaes" / "tiny")
    generator = torch.Generator().manual_seed(902)
    pixels = torch.rand(1, 3, 64, 96, generator=generator) * 2 - 1
    latents = torch.randn(2, 4, 4, 6, generator=generator) * 2
    arrays = {"pixels": pixels, "encoded": vae.encode(pixels).latents, "latents": latents, "decoded": vae.decode(latents).sample}
    cases = []
    for kind, sampler, variant in ((StableDiffusionPipeline, "ddim", TEXT), (StableDiffusionImg2ImgPipeline, "euler", IMAGE)):
        case = make_pipelines.complete(sampler, variant)
        pipe = make_pipelines.load((HERE / "models" / "sd2-zsnr").resolve(), kind, sampler)
        pipe.vae = vae
        settings = dict(prompt=case["prompt"], negative_prompt=case["negative"], guidance_scale=case["guidance"],
                        num_inference_steps=case["steps"], generator=torch.Generator().manual_seed(case["seed"]), output_type="latent")
        if case["strength"] is None:
            settings.update(width=case["width"], height=case["height"])
        else:
            start = make_pipelines.start_picture(case["width"], case["height"])
            settings.update(image=torch.from_numpy(start).permute(2, 0, 1)[None] / 255, strength=case["strength"])
        out = pipe(**settings).images
        image = pipe.image_processor.postprocess(vae.decode(out / vae.config.scaling_factor).sample, output_type="np")[0]
        key = f"tiny/{sampler}/{case['name']}"
        arrays[f"{key}/latents"] = out[0].contiguous()
        arrays[f"{key}/pixels"] = torch.from_numpy((image * 255).round().astype("uint8")).contiguous()
        cases.append({"key": key, "folder": "tiny", "rescale": 0, **case})
        print(key, f"latents {out.std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}")
    save_file({name: tensor.contiguous() for name, tensor in arrays.items()}, HERE / "tiny.safetensors")
    (HERE / "tiny.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
