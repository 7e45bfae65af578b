"""Makes what diffusers paints where a control comes together with a mask, a start picture, a second control and a LoRA.

Command:  python test/golden/controls/make_repainted.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, Pillow 13.0.0, CPU, one thread)
Writes, next to itself:
  repainted_network.json.gz               one ControlNet more, for the 9-channel model of ../inpainting, as networks.json.gz holds the others
  repainted.json, repainted.safetensors   final latents f32 and 8-bit pixels, `map/…`, `hole/…` (the map of kind inpaint, f32, -1 where it is
                                          repainted), `start/…` and `mask/…` of 96x64; networks run in float32
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import (
    ControlNetModel,
    MultiControlNetModel,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetInpaintPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetImg2ImgPipeline,
    StableDiffusionXLControlNetInpaintPipeline,
)
from safetensors.torch import save_file

HERE = Path(__file__).parent
GOLDEN = HERE.parent
sys.path[:0] = [str(HERE), str(GOLDEN / "inpainting"), str(GOLDEN / "inpainting" / "xl")]
import make_controls as controls  # noqa: E402
import make_inpainting as inpainting  # noqa: E402
import make_xl_inpainting as xl_inpainting  # noqa: E402

SIZE = (96, 64)
controls.NETWORKS["inpaint9-canny"] = (ControlNetModel, {**controls.SMALL, "layers_per_block": 1})
DEFAULTS = {**controls.DEFAULTS, "mask": None, "hole": False, "guidance": 5.0, "steps": 6}
TWO = {"small-canny": 0.8, "small-depth": 0.5}
CASES = [
    dict(name="masked", folder="sd-small", controls={"small-canny": 1.0}, mask="soft", strength=1.0, sampler="euler", seed=31),
    dict(name="masked-two", folder="sd-small", controls=TWO, mask="hard", strength=0.6, sampler="dpmpp_2m_karras", seed=32, end=0.7),
    dict(name="masked-lora", folder="sd-small", controls={"small-canny": 0.9}, mask="soft", strength=0.8, sampler="euler_a",
         lora="kohya.safetensors", seed=33),
    dict(name="hole", folder="sd-small", controls={"small-depth": 1.0}, mask="hard", strength=1.0, sampler="ddim", hole=True, seed=34),
    dict(name="masked", folder="inpaint9", controls={"inpaint9-canny": 1.0}, mask="soft", strength=1.0, sampler="ddim", seed=35),
    dict(name="masked-guess", folder="inpaint9", controls={"inpaint9-canny": 0.9}, mask="hard", strength=0.6, sampler="euler",
         guess=True, seed=36),
    dict(name="masked-unguided", folder="inpaint9", controls={"inpaint9-canny": 0.7}, mask="soft", strength=1.0,
         sampler="euler_a", guidance=1.0, start=0.3, seed=37),
    dict(name="two-lora", folder="sd-small", controls=TWO, lora="kohya.safetensors", guidance=7.5, sampler="euler", seed=38),
    dict(name="two-lora-image", folder="sd-small", controls=TWO, lora="locon.safetensors", strength=0.7, seed=39),
    dict(name="image", folder="base", controls={"xl-canny": 0.9}, strength=0.6, sampler="euler", seed=40),
    dict(name="masked", folder="base", controls={"xl-canny": 1.0}, mask="soft", strength=0.8, sampler="dpmpp_2m", seed=41),
    dict(name="masked-two", folder="xl-inpaint", controls={"xl-canny": 0.6, "xl-small": 0.5}, mask="soft", strength=1.0,
         sampler="euler", seed=42),
]
KINDS = {
    (False, False, False): StableDiffusionControlNetPipeline,
    (False, True, False): StableDiffusionControlNetImg2ImgPipeline,
    (False, True, True): StableDiffusionControlNetInpaintPipeline,
    (True, True, False): StableDiffusionXLControlNetImg2ImgPipeline,
    (True, True, True): StableDiffusionXLControlNetInpaintPipeline,
}


def pipe_for(case, places, networks):
    models = [networks[key].module for key in case["controls"]]
    is_xl = case["folder"] in ("base", "xl-inpaint")
    kind = KINDS[is_xl, case["strength"] is not None, case["mask"] is not None]
    more = dict(controlnet=models[0] if len(models) == 1 else MultiControlNetModel(models))
    if case["folder"] == "xl-inpaint":
        more["unet"] = xl_inpainting.unet_of(9).module
    if not is_xl:
        more["safety_checker"] = None
    place = places["base" if is_xl else case["folder"]]
    pipe = kind.from_pretrained(place, dtype=torch.float32, **more)
    pipe.set_progress_bar_config(disable=True)
    scheduler, extra = controls.schedulers()[case["sampler"]]
    usual = {} if is_xl else dict(steps_offset=1, clip_sample=False)
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **extra, **usual)
    if case["lora"]:
        pipe.load_lora_weights(controls.LORA, weight_name=case["lora"])
    return pipe


def hole_map(mask):
    """As lllyasviel/control_v11p_sd15_inpaint is shown it: the start picture, -1 where it is repainted."""
    shown = controls.tensor_of(controls.make_pipelines.start_picture(*SIZE))
    hole = torch.from_numpy(mask.copy())[None, None] / 255 > 0.5
    return torch.where(hole.expand_as(shown), torch.tensor(-1.0), shown)


@torch.no_grad()
def latents_of(pipe, case):
    mask = None if case["mask"] is None else inpainting.mask_of(case["mask"], *SIZE)
    shown = hole_map(mask) if case["hole"] else controls.tensor_of(controls.map_picture(*SIZE))
    strengths = list(case["controls"].values())
    many = len(strengths) > 1
    settings = dict(
        prompt=case["prompt"], negative_prompt=None if case["guidance"] == 1 else case["negative"], guidance_scale=case["guidance"],
        num_inference_steps=case["steps"], output_type="latent", generator=torch.Generator().manual_seed(case["seed"]),
        controlnet_conditioning_scale=strengths if many else strengths[0], guess_mode=case["guess"],
        control_guidance_start=case["start"], control_guidance_end=case["end"])
    images = [shown] * len(strengths) if many else shown
    if case["strength"] is None:
        return pipe(**settings, image=images, width=SIZE[0], height=SIZE[1]).images
    picture = controls.tensor_of(controls.make_pipelines.start_picture(*SIZE))
    settings |= dict(image=picture, control_image=images, strength=case["strength"])
    if mask is None:
        return pipe(**settings).images
    mask = torch.from_numpy(mask.astype("float32"))[None, None] / 255
    return pipe(**settings, mask_image=mask, width=SIZE[0], height=SIZE[1]).images


def main():
    at = f"{SIZE[0]}x{SIZE[1]}"
    networks = {key: controls.make_network(key) for key in ("small-canny", "small-depth", "inpaint9-canny", "xl-canny", "xl-small")}
    picture = controls.make_pipelines.start_picture(*SIZE)
    arrays = {f"map/{at}": torch.from_numpy(controls.map_picture(*SIZE)), f"start/{at}": torch.from_numpy(picture),
              f"hole/{at}": hole_map(inpainting.mask_of("hard", *SIZE))[0].contiguous(),
              **{f"mask/{kind}/{at}": torch.from_numpy(inpainting.mask_of(kind, *SIZE).copy()) for kind in ("soft", "hard")}}
    cases = []
    with tempfile.TemporaryDirectory() as root:
        places = {**controls.bases(Path(root)), "inpaint9": inpainting.MODELS / "inpaint9"}
        for variant in CASES:
            case = {**DEFAULTS, **variant}
            pipe = pipe_for(case, places, networks)
            latents = latents_of(pipe, case)
            with torch.no_grad():
                images = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
            pixels = pipe.image_processor.postprocess(images, output_type="np")[0]
            key = f"{case['folder']}/{case['sampler']}/{case['name']}"
            arrays[f"{key}/latents"] = latents[0].contiguous()
            arrays[f"{key}/pixels"] = torch.from_numpy((pixels * 255).round().astype("uint8")).contiguous()
            strengths = [{"network": k, "strength": s} for k, s in case["controls"].items()]
            case = {"key": key, **case, "controls": strengths, "from": case["start"], "to": case["end"]}
            cases.append({k: v for k, v in case.items() if k not in ("start", "end")})
            print(key, f"latents {latents.std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}", flush=True)
    network = networks["inpaint9-canny"]
    made = {"inpaint9-canny": {"config": json.loads(network.module.to_json_string()), "tensors": network.spec()}}
    controls.write_gzipped("repainted_network.json.gz", made)
    save_file(arrays, HERE / "repainted.safetensors")
    (HERE / "repainted.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
