"""Makes the tiny models that need a picture, and what diffusers paints with them and, under a mask, with ordinary ones.

Command:  python test/golden/inpainting/make_inpainting.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, Pillow 13.0.0, CPU)
Writes, next to itself:
  models/inpaint9                 a diffusers folder of StableDiffusionInpaintPipeline, 9 input channels
  models/inpaint9-one.safetensors a single file in the original naming, 9 input channels; diffusers' own reader must read it back
  models/pix2pix                  a diffusers folder of StableDiffusionInstructPix2PixPipeline, 8 input channels
  pictures.json, pictures.safetensors   start pictures, masks, final latents f32 and 8-bit pixels; networks run in float32
  crops.json                      crop regions of VaeImageProcessor.get_crop_region
Pictures come in twos: one call of two rows with a generator each, seeds s and s + 1, recorded one by one.
"""

import json
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageFilter
import torch
from diffusers import StableDiffusionInpaintPipeline, StableDiffusionInstructPix2PixPipeline
from diffusers.image_processor import VaeImageProcessor
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
GOLDEN = HERE.parent
sys.path[:0] = [str(GOLDEN), str(GOLDEN / "families")]
import make_families as families  # noqa: E402
import make_folders  # noqa: E402
import make_more_pipelines as more  # noqa: E402
import make_pipelines as pipelines  # noqa: E402

MODELS = HERE / "models"
SIZE = (96, 64)
PROMPT, NEGATIVE = pipelines.PROMPT, pipelines.NEGATIVE
KINDS = {"inpaint9": StableDiffusionInpaintPipeline, "inpaint9-one": StableDiffusionInpaintPipeline,
         "pix2pix": StableDiffusionInstructPix2PixPipeline}


def write_index(folder, kind):
    file = folder / "model_index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "_class_name": kind.__name__}, indent=2) + "\n")


def small(root, name, seed, in_channels):
    folder = families.write_folder(
        root, name, torch.float16, seed, max_tokens=77, pad_token="<|endoftext|>", text_prefix=True,
        text=dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, hidden_act="quick_gelu",
                  projection_dim=16),
        unet=dict(sample_size=12, in_channels=in_channels, out_channels=4, block_out_channels=(8, 16), layers_per_block=1,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
                  cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4),
        vae=dict(**families.VAE, block_out_channels=(8, 8, 8, 8), norm_num_groups=4),
        scheduler=dict(_class_name="PNDMScheduler", _diffusers_version="0.42.1", **families.SD_NOISE, steps_offset=1,
                       skip_prk_steps=True))
    write_index(folder, KINDS[name])
    return folder


def one_file(root):
    """The published constants no file states are kept (32 groups, 8 heads, text heads of 64); two levels each, so that it stays small."""
    levels = dict(down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)
    folder = families.write_folder(
        root, "inpaint9-one", torch.float16, 900, max_tokens=77, pad_token="<|endoftext|>", text_prefix=True,
        text=dict(hidden_size=64, intermediate_size=64, num_hidden_layers=1, num_attention_heads=1, hidden_act="quick_gelu",
                  projection_dim=64),
        unet=dict(sample_size=64, in_channels=9, out_channels=4, block_out_channels=(32, 32), layers_per_block=1,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
                  cross_attention_dim=64, attention_head_dim=8),
        vae=dict(**{**families.VAE, **levels}, block_out_channels=(32, 32), norm_num_groups=32),
        scheduler=dict(_class_name="PNDMScheduler", _diffusers_version="0.42.1", **families.SD_NOISE, steps_offset=1,
                       skip_prk_steps=True))
    write_index(folder, StableDiffusionInpaintPipeline)
    return folder


def write_one_file(folder):
    unet = families.original_unet(*families.read_part(folder, "unet"))
    vae = families.original_vae(*families.read_part(folder, "vae"))
    tensors = {**unet, **vae, **families.text_of_sd1(families.read_part(folder, "text_encoder")[0])}
    file = MODELS / "inpaint9-one.safetensors"
    save_file({n: t.contiguous() for n, t in tensors.items()}, file, metadata={"format": "pt"})
    (MODELS / "inpaint9-one.darkroom.json").write_text(json.dumps({"tokenizer": "inpaint9"}) + "\n")
    theirs = StableDiffusionInpaintPipeline.from_single_file(
        str(file), config=str(folder), torch_dtype=torch.float16, local_files_only=True, safety_checker=None)
    ours = StableDiffusionInpaintPipeline.from_pretrained(folder, dtype=torch.float16, safety_checker=None)
    for part in ("unet", "vae", "text_encoder"):
        a, b = families.state(getattr(ours, part)), families.state(getattr(theirs, part))
        assert a.keys() == b.keys(), (part, a.keys() ^ b.keys())
        assert all(torch.equal(a[n], b[n]) for n in a), part


def mask_of(kind, width, height):
    """u8[h, w]: `soft`, an ellipse with a blurred edge; `hard`, an upright bar that begins between two latent cells."""
    rows, columns = np.mgrid[0:height, 0:width]
    if kind == "hard":
        return np.where((columns >= 0.3 * width) & (columns < 0.62 * width) & (rows >= 0.2 * height), 255, 0).astype(np.uint8)
    inside = ((columns / width - 0.55) / 0.3) ** 2 + ((rows / height - 0.45) / 0.33) ** 2 < 1
    mask = PIL.Image.fromarray(np.where(inside, 255, 0).astype(np.uint8))
    return np.asarray(mask.filter(PIL.ImageFilter.GaussianBlur(4)))


def complete(folder, sampler, case):
    return {**dict(folder=folder, sampler=sampler, prompt=PROMPT, negative=NEGATIVE, width=SIZE[0], height=SIZE[1], mask="soft",
                   strength=1.0), **case}


def cases():
    masked = lambda name, guidance, seed, **more: dict(name=name, guidance=guidance, steps=6, seed=seed, **more)
    for sampler in ["ddim", "ddpm", "euler", "euler_a", "dpmpp_2m_karras", "heun", "unipc", "dpm2_a", "lcm", "pndm"]:
        yield complete("sd-small", sampler, masked("all", 5.0, 21))
        if sampler != "pndm":
            yield complete("sd-small", sampler, masked("some", 5.0, 31, strength=0.55, mask="hard"))
    yield complete("sd-small", "euler_a", masked("tall", 1.0, 2**32 - 2, width=64, height=96, strength=0.8))
    for sampler in ["ddim", "euler_a", "dpmpp_2m"]:
        yield complete("v-linear", sampler, masked("some", 1.5, 41, strength=0.7))
    for sampler in ["pndm", "ddim", "euler_a", "dpmpp_2m", "unipc"]:
        yield complete("inpaint9", sampler, masked("all", 5.0, 51))
    for sampler in ["ddpm", "euler", "dpmpp_2m_karras"]:
        yield complete("inpaint9", sampler, masked("some", 4.0, 61, strength=0.6, mask="hard"))
    yield complete("inpaint9", "euler_a", masked("unguided", 1.0, 71, width=64, height=96))
    for sampler in ["euler_a", "ddim"]:
        yield complete("inpaint9-one", sampler, masked("all", 3.0, 81, width=48, height=32))
    yield complete("inpaint9-one", "dpmpp_2m", masked("some", 3.0, 83, width=48, height=32, strength=0.7, mask="hard"))
    for sampler in ["pndm", "ddim", "euler_a", "dpmpp_2m", "unipc"]:
        yield complete("pix2pix", sampler, masked("two-scales", 7.5, 91, imageGuidance=1.5, mask=None))
    yield complete("pix2pix", "euler", masked("one-scale", 4.0, 93, imageGuidance=1.0, mask=None))
    yield complete("pix2pix", "euler", masked("unguided", 1.0, 95, imageGuidance=1.0, mask=None))
    yield complete("pix2pix", "ddim", masked("tall", 5.0, 97, imageGuidance=2.25, mask=None, width=64, height=96))


def load(root, case):
    folder = case["folder"]
    where = root / folder if (root / folder).exists() else MODELS / folder if (MODELS / folder).is_dir() else GOLDEN / "folders" / folder
    return pipelines.load(where.resolve(), KINDS.get(folder, StableDiffusionInpaintPipeline), case["sampler"])


def tensor_of(picture):
    pixels = torch.from_numpy(picture.astype(np.float32)) / 255
    return (pixels[None] if pixels.dim() == 2 else pixels.permute(2, 0, 1))[None].repeat(2, 1, 1, 1)


@torch.no_grad()
def paint(root, case):
    """Both rows: latents f32[2, c, h, w], pixels u8[2, h, w, 3]."""
    pipe = load(root, case)
    settings = dict(
        prompt=[case["prompt"]] * 2, negative_prompt=None if case["guidance"] == 1 else [case["negative"]] * 2,
        guidance_scale=case["guidance"], num_inference_steps=case["steps"], output_type="latent",
        generator=[torch.Generator().manual_seed(case["seed"] + k) for k in range(2)])
    image = tensor_of(pipelines.start_picture(case["width"], case["height"]))
    if case["mask"] is None:
        latents = pipe(**settings, image=image, image_guidance_scale=case["imageGuidance"]).images
    else:
        mask = tensor_of(mask_of(case["mask"], case["width"], case["height"]))
        latents = pipe(**settings, image=image, mask_image=mask, strength=case["strength"], width=case["width"],
                       height=case["height"]).images
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")
    return latents.contiguous(), torch.from_numpy((pixels * 255).round().astype(np.uint8)).contiguous()


CROP = dict(folder="sd-small", sampler="euler", width=96, height=64, steps=5, guidance=4.0, seed=17, strength=0.8,
            prompt=PROMPT, negative=NEGATIVE)
# Boxes of [left, top, right, bottom] in a picture of 168x140. The first with its padding is 96x64, so nothing has to be resized.
CROPS = [dict(**CROP, name="as-large", box=[50, 60, 126, 104], blur=0, padding=10),
         dict(**CROP, name="smaller", box=[90, 60, 136, 100], blur=2, padding=9)]


@torch.no_grad()
def only_masked(arrays, case):
    """A picture larger than the network's, of another shape, repainted around its mask alone; PIL does all resizing."""
    picture = pipelines.start_picture(168, 140)
    left, top, right, bottom = case["box"]
    mask = np.zeros((140, 168), np.uint8)
    mask[top:bottom, left:right] = 255
    soft = PIL.Image.fromarray(mask).filter(PIL.ImageFilter.GaussianBlur(case["blur"]))
    pipe = load(HERE, case)
    made = pipe(case["prompt"], negative_prompt=case["negative"], image=PIL.Image.fromarray(picture), mask_image=soft,
                padding_mask_crop=case["padding"], width=case["width"], height=case["height"], strength=case["strength"],
                guidance_scale=case["guidance"], num_inference_steps=case["steps"],
                generator=torch.Generator().manual_seed(case["seed"])).images[0]
    arrays["only-masked/picture"] = torch.from_numpy(picture)
    arrays[f"only-masked/{case['name']}/mask"] = torch.from_numpy(np.array(soft))
    arrays[f"only-masked/{case['name']}/pixels"] = torch.from_numpy(np.array(made))
    region = pipe.mask_processor.get_crop_region(soft, case["width"], case["height"], pad=case["padding"])
    return {**case, "region": [int(n) for n in region]}


def overlay(arrays, made):
    """apply_overlay of a painted picture over its start picture through the soft mask."""
    start, mask = pipelines.start_picture(*SIZE), mask_of("soft", *SIZE)
    images = [PIL.Image.fromarray(array) for array in (mask, start, made.numpy())]
    arrays["overlay"] = torch.from_numpy(np.array(VaeImageProcessor().apply_overlay(*images)))


def crops():
    """Regions of boxes in pictures of several sizes: [left, top, right, bottom]."""
    draw = np.random.default_rng(3)
    for _ in range(60):
        width, height = (int(n) for n in draw.integers(20, 200, 2))
        left, top = int(draw.integers(0, width - 2)), int(draw.integers(0, height - 2))
        right, bottom = int(draw.integers(left + 1, width + 1)), int(draw.integers(top + 1, height + 1))
        mask = np.zeros((height, width), np.uint8)
        mask[top:bottom, left:right] = 255
        pad, target = int(draw.integers(0, 40)), [(96, 64), (64, 96), (64, 64), (128, 32)][int(draw.integers(0, 4))]
        region = VaeImageProcessor.get_crop_region(PIL.Image.fromarray(mask), *target, pad=pad)
        yield dict(width=width, height=height, box=[left, top, right, bottom], padding=pad, target=target,
                   region=[int(n) for n in region])


def main():
    families.make_folders.randomise = families.coarse
    shutil.rmtree(MODELS, ignore_errors=True)
    small(MODELS, "inpaint9", 800, 9)
    small(MODELS, "pix2pix", 850, 8)
    arrays, listed = {}, []
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        write_one_file(one_file(root))
        for case in cases():
            size = f"{case['width']}x{case['height']}"
            arrays[f"start/{size}"] = torch.from_numpy(pipelines.start_picture(case["width"], case["height"]))
            if case["mask"] is not None:
                mask = mask_of(case["mask"], case["width"], case["height"])
                arrays[f"mask/{case['mask']}/{size}"] = torch.from_numpy(np.array(mask))
            latents, pixels = paint(root, case)
            for k in range(2):
                key = f"{case['folder']}/{case['sampler']}/{case['name']}/{k}"
                arrays[f"{key}/latents"] = latents[k].contiguous()
                if k == 0:
                    arrays[f"{key}/pixels"] = pixels[k].contiguous()
                listed.append({"key": key, **case, "seed": case["seed"] + k, "isPixels": k == 0})
            print(key, f"latents {latents.std():.2f}", f"pixels {pixels.float().std():.1f}")
        cropped = [only_masked(arrays, case) for case in CROPS]
    overlay(arrays, arrays["sd-small/ddim/all/0/pixels"])
    save_file(arrays, HERE / "pictures.safetensors")
    versions = dict(diffusers=pipelines.diffusers.__version__, torch=torch.__version__, pillow=PIL.__version__)
    (HERE / "pictures.json").write_text(json.dumps(dict(versions=versions, cases=listed, onlyMasked=cropped), indent=1) + "\n")
    (HERE / "crops.json").write_text(json.dumps(list(crops())) + "\n")


if __name__ == "__main__":
    main()
