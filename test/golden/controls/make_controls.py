"""Makes tiny ControlNets and T2I-Adapters for the tiny models, and what diffusers paints with them.

Command:  python test/golden/controls/make_controls.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  networks.json.gz             for each network: its config.json as save_pretrained wrote it, and of every tensor the shape, exponents and
                               addend from which its numbers follow (../families/xl/make_xl.py, `numbers`), so that no weights are kept
  singles.json.gz              networks as single files in the original naming: name there -> name here
  pictures.json, pictures.safetensors   final latents and 8-bit pixels; `map/96x64` is the map, `start/96x64` the start picture
  features.safetensors         what adapters alone say of the map
Before anything is recorded, diffusers' own from_single_file reads each original ControlNet and must give back the same weights.
"""

import gzip
import json
import re
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    ControlNetModel,
    HeunDiscreteScheduler,
    MultiControlNetModel,
    StableDiffusionAdapterPipeline,
    StableDiffusionControlNetImg2ImgPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLAdapterPipeline,
    StableDiffusionXLControlNetPipeline,
    T2IAdapter,
)
from safetensors.torch import save_file

HERE = Path(__file__).parent
GOLDEN = HERE.parent
sys.path[:0] = [str(GOLDEN), str(GOLDEN / "families"), str(GOLDEN / "families" / "xl")]
import make_families  # noqa: E402
import make_folders  # noqa: E402
import make_pipelines  # noqa: E402
import make_xl  # noqa: E402

torch.set_num_threads(1)
HINT = (8, 8, 16, 16)
CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
SMALL = dict(in_channels=4, block_out_channels=(8, 16), layers_per_block=2, down_block_types=(CROSS, PLAIN),
             cross_attention_dim=16, attention_head_dim=2, norm_num_groups=4, conditioning_embedding_out_channels=HINT)
# As make_families.sd1: what single files do not say is as published.
SINGLE = dict(in_channels=4, block_out_channels=(32, 64), layers_per_block=2, down_block_types=(CROSS, PLAIN),
              cross_attention_dim=128, attention_head_dim=8, conditioning_embedding_out_channels=HINT)
SD2 = dict(in_channels=4, block_out_channels=(8, 16, 32), layers_per_block=1, down_block_types=(CROSS, CROSS, PLAIN),
           cross_attention_dim=24, attention_head_dim=(1, 2, 4), use_linear_projection=True, norm_num_groups=8,
           conditioning_embedding_out_channels=HINT)
MID = dict(in_channels=8, block_out_channels=(12, 18), layers_per_block=1, down_block_types=(PLAIN, CROSS),
           mid_block_type="UNetMidBlock2D", cross_attention_dim=16, attention_head_dim=3, norm_num_groups=6,
           flip_sin_to_cos=False, conditioning_embedding_out_channels=(4, 4, 8, 8, 8))
XL = dict(in_channels=4, block_out_channels=(32, 64, 128), layers_per_block=1, down_block_types=(PLAIN, CROSS, CROSS),
          transformer_layers_per_block=(1, 2, 3), cross_attention_dim=192, attention_head_dim=(1, 1, 2),
          conditioning_embedding_out_channels=HINT, **make_xl.TOLD,
          projection_class_embeddings_input_dim=make_xl.POOLED + 6 * make_xl.SIZES)
# As diffusers/controlnet-canny-sdxl-1.0-small: no attention anywhere.
XL_SMALL = {**XL, "down_block_types": (PLAIN,) * 3, "mid_block_type": "UNetMidBlock2D", "transformer_layers_per_block": 1}
NETWORKS = {
    "small-canny": (ControlNetModel, SMALL),
    "small-depth": (ControlNetModel, {**SMALL, "controlnet_conditioning_channel_order": "bgr"}),
    "small-shuffle": (ControlNetModel, {**SMALL, "global_pool_conditions": True}),
    "single-canny": (ControlNetModel, SINGLE),
    "single-depth": (ControlNetModel, SINGLE),
    "sd2-canny": (ControlNetModel, SD2),
    "mid-tile": (ControlNetModel, MID),
    "xl-canny": (ControlNetModel, XL),
    "xl-small": (ControlNetModel, XL_SMALL),
    "small-sketch": (T2IAdapter, dict(in_channels=1, channels=[8, 16], num_res_blocks=2, downscale_factor=8)),
    "single-pose": (T2IAdapter, dict(in_channels=3, channels=[32, 64], num_res_blocks=2, downscale_factor=8)),
    "xl-lineart": (T2IAdapter, dict(in_channels=3, channels=[32, 64, 128, 128], num_res_blocks=2, downscale_factor=16,
                                    adapter_type="full_adapter_xl")),
    "light-colour": (T2IAdapter, dict(in_channels=3, channels=[8, 16, 32], num_res_blocks=4, adapter_type="light_adapter")),
}
# Its published files say no more than their tensors.
ORIGINALS = {"single-canny": "control_model.", "single-pose": "", "light-colour": ""}


def make_network(key):
    kind, config = NETWORKS[key]
    network = make_xl.Network(key, kind(**config))
    for name in network.rules:
        if name.startswith(("controlnet_down_blocks", "controlnet_mid_block")):
            network.rules[name][0][0] -= 1
    network.fill(network.rules)
    return network


def map_picture(width, height):
    """Strokes and a bright field on black, as an edge map would have them: u8[h, w, 3], coloured a little."""
    rows, columns = np.mgrid[0:height, 0:width]
    ring = np.abs(np.hypot(rows - height / 2, columns - width / 3) - height / 4) < 2
    stroke = np.abs(rows - columns * 0.6 - 3) < 1.5
    field = (columns > width * 0.75) & (rows > height * 0.5)
    picture = np.stack([ring | stroke, ring | field, ring | stroke], axis=-1) * 255
    picture[:4, :, 2] = 90
    return picture.astype(np.uint8)


# Original names.

def original_controlnet(names, layers, prefix):
    last = max(int(m[1]) for n in names if (m := re.match(r"controlnet_cond_embedding\.blocks\.(\d+)\.", n)))

    def rename(name):
        if m := re.fullmatch(r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.(\d+))\.(\w+)", name):
            place = 0 if m[1] == "conv_in" else 2 * (last + 2) if m[1] == "conv_out" else 2 * (int(m[2]) + 1)
            return f"input_hint_block.{place}.{m[3]}"
        if m := re.fullmatch(r"controlnet_down_blocks\.(\d+)\.(\w+)", name):
            return f"zero_convs.{m[1]}.0.{m[2]}"
        if m := re.fullmatch(r"controlnet_mid_block\.(\w+)", name):
            return f"middle_block_out.0.{m[1]}"
        return make_families.unet_name(name, layers, None)

    return {prefix + rename(name): name for name in names}


def original_adapter(names, per_level):
    def rename(name):
        short = name.removeprefix("adapter.")
        if m := re.fullmatch(r"body\.(\d+)\.resnets\.(\d+)\.(.+)", short):
            return f"body.{int(m[1]) * per_level + int(m[2])}.{m[3]}"
        if m := re.fullmatch(r"body\.(\d+)\.in_conv\.(\w+)", short):
            return f"body.{int(m[1]) * per_level}.in_conv.{m[2]}"
        return short

    return {rename(name): name for name in names}


def original_light_adapter(names):
    return {name.removeprefix("adapter.").replace(".resnets.", ".body."): name for name in names}


def originals(networks):
    found = {}
    for key, prefix in ORIGINALS.items():
        names, config = list(networks[key].module.state_dict()), networks[key].module.config
        if prefix:
            found[key] = original_controlnet(names, config.layers_per_block, prefix)
        elif config.adapter_type == "light_adapter":
            found[key] = original_light_adapter(names)
        else:
            found[key] = original_adapter(names, config.num_res_blocks)
    return found


def compare_with_diffusers(network, names, root):
    """A second reader of the same file."""
    state = network.module.state_dict()
    save_file({original: state[name].contiguous() for original, name in names.items()}, root / "one.safetensors")
    network.module.save_config(root / "one")
    theirs = ControlNetModel.from_single_file(str(root / "one.safetensors"), config=str(root / "one"), local_files_only=True)
    wrong = [n for n, p in theirs.state_dict().items() if not torch.equal(p, state[n])]
    assert not wrong, wrong[:3]
    print(network.key, "is read by diffusers as the network it was made from")


# Pictures.

LORA = GOLDEN / "loras" / "files"
DEFAULTS = dict(prompt=make_pipelines.PROMPT, negative=make_pipelines.NEGATIVE, width=96, height=64, strength=None,
                sampler="dpmpp_2m", guidance=5.0, steps=6, seed=7, start=0.0, end=1.0, guess=False, lora=None)
CASES = [
    dict(name="one", folder="sd-small", controls={"small-canny": 1.0}),
    dict(name="bgr", folder="sd-small", controls={"small-depth": 0.7}, sampler="ddim", guidance=7.5, seed=3),
    dict(name="two", folder="sd-small", controls={"small-canny": 0.8, "small-depth": 0.5}, sampler="euler", seed=21),
    dict(name="guess", folder="sd-small", controls={"small-canny": 1.0}, guess=True, seed=8),
    dict(name="guess-unguided", folder="sd-small", controls={"small-canny": 1.0}, guess=True, guidance=1.0, seed=9),
    dict(name="range", folder="sd-small", controls={"small-canny": 1.0}, start=0.2, end=0.8, steps=10, seed=10),
    dict(name="looks", folder="sd-small", controls={"small-canny": 1.0}, start=0.3, sampler="heun", steps=5, seed=12),
    dict(name="pooled", folder="sd-small", controls={"small-shuffle": 1.0}, sampler="euler", seed=13),
    dict(name="lora", folder="sd-small", controls={"small-canny": 0.9}, lora="kohya.safetensors", seed=14),
    dict(name="image", folder="sd-small", controls={"small-canny": 1.0}, strength=0.6, sampler="euler_a", seed=15),
    dict(name="adapter", folder="sd-small", controls={"small-sketch": 0.8}, sampler="ddim", seed=16),
    dict(name="original", folder="sd1", controls={"single-canny": 1.0}, seed=17),
    dict(name="bare", folder="sd1", controls={"single-depth": 0.8}, sampler="euler", seed=18),
    dict(name="adapter", folder="sd1", controls={"single-pose": 1.0}, seed=19),
    dict(name="one", folder="sd2-zsnr", controls={"sd2-canny": 0.8}, sampler="ddim", guidance=4.0, seed=20),
    dict(name="one", folder="plain-mid", controls={"mid-tile": 1.0}, sampler="euler", seed=22),
    dict(name="one", folder="base", controls={"xl-canny": 1.0}, sampler="euler", seed=23),
    dict(name="small", folder="base", controls={"xl-small": 0.7}, sampler="dpmpp_2m", seed=24),
    dict(name="two-guess", folder="base", controls={"xl-canny": 0.6, "xl-small": 0.5}, guess=True, sampler="euler", seed=25),
    dict(name="adapter", folder="base", controls={"xl-lineart": 0.8}, sampler="euler", end=0.5, seed=26),
]


def schedulers():
    return {**make_pipelines.SCHEDULERS, "heun": (HeunDiscreteScheduler, {})}


def pipe_for(case, places, networks):
    models = [networks[key].module for key in case["controls"]]
    is_adapter, is_xl = isinstance(models[0], T2IAdapter), case["folder"] == "base"
    if is_adapter:
        kind = StableDiffusionXLAdapterPipeline if is_xl else StableDiffusionAdapterPipeline
        more = dict(adapter=models[0])
    else:
        plain = StableDiffusionXLControlNetPipeline if is_xl else StableDiffusionControlNetPipeline
        kind = plain if case["strength"] is None else StableDiffusionControlNetImg2ImgPipeline
        more = dict(controlnet=models[0] if len(models) == 1 else MultiControlNetModel(models))
    checker = {} if is_xl else dict(safety_checker=None)
    pipe = kind.from_pretrained(places[case["folder"]], dtype=torch.float32, **checker, **more)
    pipe.set_progress_bar_config(disable=True)
    scheduler, extra = schedulers()[case["sampler"]]
    # What StableDiffusionPipeline makes of any folder, and its sisters with controls forget.
    usual = {} if is_xl else dict(steps_offset=1, clip_sample=False)
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **extra, **usual)
    if case["lora"]:
        pipe.load_lora_weights(LORA, weight_name=case["lora"])
    return pipe


def tensor_of(picture):
    return torch.from_numpy(picture).permute(2, 0, 1)[None] / 255


@torch.no_grad()
def latents_of(pipe, case):
    shown = tensor_of(map_picture(case["width"], case["height"]))
    strengths = list(case["controls"].values())
    settings = dict(prompt=case["prompt"], negative_prompt=None if case["guidance"] == 1 else case["negative"],
                    guidance_scale=case["guidance"], num_inference_steps=case["steps"], output_type="latent",
                    generator=torch.Generator().manual_seed(case["seed"]))
    size = dict(width=case["width"], height=case["height"])
    if hasattr(pipe, "adapter"):
        # A grey adapter is shown one channel; the strokes are as bright in the first two.
        grey = 0.299 * shown[:, :1] + 0.587 * shown[:, 1:2] + 0.114 * shown[:, 2:]
        image = grey if pipe.adapter.config.in_channels == 1 else shown
        if case["folder"] == "base":
            size = {**size, "adapter_conditioning_factor": case["end"]}
        return pipe(**settings, **size, image=image, adapter_conditioning_scale=strengths[0]).images
    many = len(strengths) > 1
    control = dict(controlnet_conditioning_scale=strengths if many else strengths[0], guess_mode=case["guess"],
                   control_guidance_start=case["start"], control_guidance_end=case["end"])
    images = [shown] * len(strengths) if many else shown
    if case["strength"] is None:
        return pipe(**settings, **size, **control, image=images).images
    picture = tensor_of(make_pipelines.start_picture(case["width"], case["height"]))
    return pipe(**settings, **control, image=picture, control_image=images, strength=case["strength"]).images


def paint(networks, places):
    arrays = {"map/96x64": torch.from_numpy(map_picture(96, 64)), "start/96x64": torch.from_numpy(make_pipelines.start_picture(96, 64))}
    cases = []
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
        controls = [{"network": k, "strength": s} for k, s in case["controls"].items()]
        cases.append({"key": key, **case, "controls": controls, "from": case["start"], "to": case["end"]})
        del cases[-1]["start"], cases[-1]["end"]
        print(key, f"latents {latents.std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}", flush=True)
    return arrays, cases


def features(networks):
    """Of maps whose cells are no even number, too."""
    found = {}
    for key in ("small-sketch", "single-pose", "xl-lineart", "light-colour"):
        adapter = networks[key].module
        shown = tensor_of(map_picture(96, 80 if key == "xl-lineart" else 72))
        grey = 0.299 * shown[:, :1] + 0.587 * shown[:, 1:2] + 0.114 * shown[:, 2:]
        with torch.no_grad():
            levels = adapter(grey if adapter.config.in_channels == 1 else shown)
        for level, values in enumerate(levels):
            found[f"{key}/{level}"] = values[0].contiguous()
    return {**found, "map/96x72": torch.from_numpy(map_picture(96, 72)), "map/96x80": torch.from_numpy(map_picture(96, 80))}


def write_gzipped(name, value):
    text = json.dumps(value, separators=(",", ":")).encode()
    (HERE / name).write_bytes(gzip.compress(text, mtime=0))


def bases(root):
    """Folders of the models."""
    networks = {"base_unet": make_xl.make_unet("base"), "vae": make_xl.make_vae(),
                **{name: make_xl.make_text(name) for name in make_xl.TEXT}}
    make_folders.randomise = make_families.coarse
    return {"base": make_xl.write_model(root, "base", networks), "sd1": make_families.sd1(root),
            "sd2-zsnr": GOLDEN / "families" / "models" / "sd2-zsnr",
            **{name: GOLDEN / "folders" / name for name in ("sd-small", "plain-mid")}}


def main():
    networks = {key: make_network(key) for key in NETWORKS}
    names = originals(networks)
    with tempfile.TemporaryDirectory() as root:
        compare_with_diffusers(networks["single-canny"], names["single-canny"], Path(root))
        arrays, cases = paint(networks, bases(Path(root)))
    configs = {key: {k: v for k, v in json.loads(network.module.to_json_string()).items()} for key, network in networks.items()}
    write_gzipped("networks.json.gz", {key: {"config": configs[key], "tensors": n.spec()} for key, n in networks.items()})
    write_gzipped("singles.json.gz", names)
    save_file(arrays, HERE / "pictures.safetensors")
    save_file(features(networks), HERE / "features.safetensors")
    (HERE / "pictures.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
