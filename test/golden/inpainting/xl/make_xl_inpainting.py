"""Makes what diffusers repaints and edits with tiny SDXL models whose networks are shown a picture: 9 input channels and 8.

Command:  python test/golden/inpainting/xl/make_xl_inpainting.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  conv_in.json                         shape, exponents and addend of the one tensor that differs from ../../families/xl's base, by kind;
                                       all numbers follow from names and places by its rule
  pictures.json, pictures.safetensors  start picture, mask, final latents f32 and 8-bit pixels; networks run in float32
"""

import json
import sys
from pathlib import Path

import torch
from diffusers import (
    EulerDiscreteScheduler,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTokenizer

HERE = Path(__file__).parent
GOLDEN = HERE.parent.parent
sys.path[:0] = [str(GOLDEN), str(GOLDEN / "families"), str(GOLDEN / "families" / "xl"), str(HERE.parent)]
import make_inpainting as inpainting  # noqa: E402
import make_pipelines as pipelines  # noqa: E402
import make_xl as xl  # noqa: E402

KINDS = {"xl-inpaint": (StableDiffusionXLInpaintPipeline, 9), "xl-pix2pix": (StableDiffusionXLInstructPix2PixPipeline, 8)}
SIZE = (96, 64)
COMMON = dict(prompt=pipelines.PROMPT, negative=pipelines.NEGATIVE, width=SIZE[0], height=SIZE[1], strength=1.0, steps=6)
CASES = [
    dict(folder="xl-inpaint", sampler="euler", name="all", guidance=5.0, seed=51, mask="soft"),
    dict(folder="xl-inpaint", sampler="dpmpp_2m", name="some", guidance=4.0, seed=61, mask="soft", strength=0.6),
    dict(folder="xl-inpaint", sampler="ddim", name="unguided", guidance=1.0, seed=71, mask="soft"),
    dict(folder="xl-pix2pix", sampler="euler", name="two-scales", guidance=7.5, seed=91, mask=None, imageGuidance=1.5),
    dict(folder="xl-pix2pix", sampler="ddim", name="one-scale", guidance=4.0, seed=93, mask=None, imageGuidance=1.0),
]


def unet_of(channels):
    """The base's numbers, with a first convolution of its own."""
    network = xl.Network("base_unet", UNet2DConditionModel(**{**xl.UNETS["base"], "in_channels": channels}))
    kept = json.loads((GOLDEN / "families" / "xl" / "tensors.json").read_text())["base_unet"]
    for name, (_, *rule) in kept.items():
        if name != "conv_in.weight":
            network.rules[name] = rule
    network.fill(network.rules)
    return network


def load(unet, shared, case):
    kind, _ = KINDS[case["folder"]]
    pipe = kind(**shared, unet=unet.module, scheduler=EulerDiscreteScheduler.from_config(xl.EULER))
    pipe.set_progress_bar_config(disable=True)
    scheduler, extra = pipelines.SCHEDULERS[case["sampler"]]
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **extra)
    return pipe


def tensor_of(picture):
    pixels = torch.from_numpy(picture.astype("float32")) / 255
    return (pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1))[None]


@torch.no_grad()
def paint(pipe, case):
    settings = dict(prompt=case["prompt"], negative_prompt=None if case["guidance"] == 1 else case["negative"],
                    guidance_scale=case["guidance"], num_inference_steps=case["steps"], width=case["width"],
                    height=case["height"], image=tensor_of(pipelines.start_picture(*SIZE)),
                    generator=torch.Generator().manual_seed(case["seed"]), output_type="latent")
    if case["mask"] is None:
        latents = pipe(**settings, image_guidance_scale=case["imageGuidance"]).images
    else:
        mask = tensor_of(inpainting.mask_of(case["mask"], *SIZE))
        latents = pipe(**settings, mask_image=mask, strength=case["strength"]).images
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")
    return latents[0].contiguous(), torch.from_numpy((pixels[0] * 255).round().astype("uint8")).contiguous()


def main():
    torch.set_num_threads(1)
    shared = {"vae": xl.make_vae().module, **{name: xl.make_text(name).module for name in xl.TEXT},
              **{name: CLIPTokenizer.from_pretrained(folder) for name, folder in xl.TOKENIZERS.items()}}
    unets = {name: unet_of(channels) for name, (_, channels) in KINDS.items()}
    kept = {name: unet.spec()["conv_in.weight"] for name, unet in unets.items()}
    (HERE / "conv_in.json").write_text(json.dumps(kept, indent=1) + "\n")
    at = f"{SIZE[0]}x{SIZE[1]}"
    arrays = {f"start/{at}": torch.from_numpy(pipelines.start_picture(*SIZE)),
              f"mask/soft/{at}": torch.from_numpy(inpainting.mask_of("soft", *SIZE).copy())}
    cases = []
    for variant in CASES:
        case = {**COMMON, **variant}
        key = f"{case['folder']}/{case['sampler']}/{case['name']}"
        latents, pixels = paint(load(unets[case["folder"]], shared, case), case)
        arrays |= {f"{key}/latents": latents, f"{key}/pixels": pixels}
        cases.append({"key": key, **case, "isPixels": True})
        print(key, f"latents {latents.std():.2f}", f"pixels {pixels.float().std():.1f}")
    save_file(arrays, HERE / "pictures.safetensors")
    (HERE / "pictures.json").write_text(json.dumps(dict(cases=cases), indent=1) + "\n")


if __name__ == "__main__":
    main()
