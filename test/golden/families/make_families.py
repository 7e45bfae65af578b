"""Makes the tiny models of the Stable Diffusion families and layouts beyond test/golden/folders, and what diffusers paints with them.

Command:  python test/golden/families/make_families.py      (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  models/sd2-zsnr           a diffusers folder like Stable Diffusion 2.x, zero terminal SNR, guidance rescaled
  models/sd1.safetensors    single files in the original (LDM) naming, with what such files carry besides: averaged weights,
  models/sd2.safetensors    noise tables, position ids, an unused last text layer. The published constants no file states (32
                            groups, 8 heads or heads of 64, text heads of 64) are kept, so that they can be inferred.
  tensors.json              for each single file and part, the sha256 of every tensor diffusers has under its own name
  pictures.json, pictures.safetensors   final latents and 8-bit pixels, as ../make_pipelines.py makes them
  names.json                of the full-size networks in ../networks/headers.json: original name -> shape, and what becomes of it
Before anything is recorded, diffusers' own from_single_file reads each single file and must give back the same weights.
"""

import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline
from safetensors.torch import load_file, save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))
import make_folders  # noqa: E402
import make_pipelines  # noqa: E402

MODELS = HERE / "models"
VAE = dict(in_channels=3, out_channels=3, latent_channels=4, sample_size=64, layers_per_block=1,
           down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4, scaling_factor=0.18215)
SD_NOISE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000,
                trained_betas=None, clip_sample=False, set_alpha_to_one=False)


def coarse(model, seed):
    """Normal weights rounded to half a standard deviation, with a power of two for a gain: few values, so git can compress them."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            draw = (torch.randn(parameter.shape, generator=generator) * 2).round() / 2
            if "embedding.weight" in name or "embeddings" in name:
                parameter.copy_(draw * 0.5)
            elif parameter.dim() >= 2:
                gain = 2 ** round(torch.tensor(1.1 / parameter[0].numel() ** 0.5).log2().item())
                parameter.copy_(draw * gain)
            else:
                parameter.copy_(draw * 0.125 + (1 if name.endswith("weight") else 0))
    return model.eval()


def write_folder(root, name, dtype, seed, **parts):
    make_folders.OUT = root
    make_folders.write_folder(name, dtype, seed, **parts)
    return root / name


def sd2_zsnr():
    """Like Stable Diffusion 2.x: gelu, one text layer fewer than was trained, heads by level, linear projections, v, zero SNR."""
    folder = write_folder(
        MODELS, "sd2-zsnr", torch.float16, 500, max_tokens=77, pad_token="!", text_prefix=True,
        text=dict(hidden_size=24, intermediate_size=96, num_hidden_layers=3, num_attention_heads=3, hidden_act="gelu",
                  projection_dim=512),
        unet=dict(sample_size=12, in_channels=4, out_channels=4, block_out_channels=(8, 16, 32), layers_per_block=1,
                  down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
                  cross_attention_dim=24, attention_head_dim=(1, 2, 4), use_linear_projection=True,
                  upcast_attention=True, norm_num_groups=8),
        vae=dict(**VAE, block_out_channels=(8, 8, 8, 16), norm_num_groups=4),
        scheduler=dict(_class_name="DDIMScheduler", _diffusers_version="0.42.1", **SD_NOISE, steps_offset=1,
                       prediction_type="v_prediction", timestep_spacing="trailing", rescale_betas_zero_snr=True),
    )
    (folder / "darkroom.json").write_text(json.dumps({"guidanceRescale": 0.7}) + "\n")


def sd1(root):
    return write_folder(
        root, "sd1", torch.float16, 600, max_tokens=77, pad_token="<|endoftext|>", text_prefix=True,
        text=dict(hidden_size=128, intermediate_size=512, num_hidden_layers=2, num_attention_heads=2,
                  hidden_act="quick_gelu", projection_dim=128),
        unet=dict(sample_size=64, in_channels=4, out_channels=4, block_out_channels=(32, 64), layers_per_block=2,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=128, attention_head_dim=8),
        vae=dict(**VAE, block_out_channels=(32, 32, 32, 64), norm_num_groups=32),
        scheduler=dict(_class_name="PNDMScheduler", _diffusers_version="0.42.1", **SD_NOISE, steps_offset=1,
                       skip_prk_steps=True),
    )


def sd2(root):
    return write_folder(
        root, "sd2", torch.float16, 700, max_tokens=77, pad_token="!", text_prefix=True,
        text=dict(hidden_size=128, intermediate_size=256, num_hidden_layers=2, num_attention_heads=2, hidden_act="gelu",
                  projection_dim=96),
        unet=dict(sample_size=96, in_channels=4, out_channels=4, block_out_channels=(64, 128), layers_per_block=1,
                  down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
                  up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=128,
                  attention_head_dim=(1, 2), use_linear_projection=True),
        vae=dict(**VAE, block_out_channels=(32, 32, 32, 64), norm_num_groups=32),
        scheduler=dict(_class_name="DDIMScheduler", _diffusers_version="0.42.1", **SD_NOISE, steps_offset=1,
                       prediction_type="v_prediction"),
    )


# From diffusers' names to the original ones; the program under test goes the other way.

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
          "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
UNET_ENDS = {"conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
             "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2"}


def unet_name(name, layers, attends):
    """attends(up level) says whether the up block has attention, which decides where its upsampler stands."""
    end, _, kind = name.rpartition(".")
    if end in UNET_ENDS:
        return f"{UNET_ENDS[end]}.{kind}"
    if m := re.fullmatch(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        place = 1 if m[1] == "attentions" else 2 * int(m[2])
        return f"middle_block.{place}.{resnet_rest(m[3]) if m[1] == 'resnets' else m[3]}"
    m = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.+)", name)
    side, level, what, layer, rest = m[1], int(m[2]), m[3], int(m[4]), m[5]
    if what == "downsamplers":
        return f"input_blocks.{(level + 1) * (layers + 1)}.0.op.{kind}"
    if what == "upsamplers":
        return f"output_blocks.{level * (layers + 1) + layers}.{2 if attends(level) else 1}.conv.{kind}"
    block = 1 + level * (layers + 1) + layer if side == "down" else level * (layers + 1) + layer
    place = f"{'input' if side == 'down' else 'output'}_blocks.{block}"
    return f"{place}.0.{resnet_rest(rest)}" if what == "resnets" else f"{place}.1.{rest}"


def resnet_rest(rest):
    part, _, kind = rest.rpartition(".")
    return f"{RESNET[part]}.{kind}"


VAE_ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}


def vae_name(name, levels):
    if m := re.fullmatch(r"(encoder|decoder)\.mid_block\.resnets\.(\d)\.(.+)", name):
        return f"{m[1]}.mid.block_{int(m[2]) + 1}.{m[3].replace('conv_shortcut', 'nin_shortcut')}"
    if m := re.fullmatch(r"(encoder|decoder)\.mid_block\.attentions\.0\.(.+)\.(\w+)", name):
        return f"{m[1]}.mid.attn_1.{VAE_ATTENTION[m[2]]}.{m[3]}"
    if m := re.fullmatch(r"(encoder|decoder)\.(?:down|up)_blocks\.(\d)\.(resnets|downsamplers|upsamplers)\.(\d)\.(.+)", name):
        side, level = ("down", int(m[2])) if m[1] == "encoder" else ("up", levels - 1 - int(m[2]))
        if m[3] == "resnets":
            return f"{m[1]}.{side}.{level}.block.{m[4]}.{m[5].replace('conv_shortcut', 'nin_shortcut')}"
        return f"{m[1]}.{side}.{level}.{side}sample.{m[5]}"
    return name.replace("conv_norm_out", "norm_out")


OPEN_CLIP = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj",
             "self_attn.out_proj": "attn.out_proj"}
OPEN_CLIP_ENDS = {"embeddings.token_embedding.weight": "token_embedding.weight",
                  "embeddings.position_embedding.weight": "positional_embedding",
                  "final_layer_norm.weight": "ln_final.weight", "final_layer_norm.bias": "ln_final.bias"}


def open_clip(tensors):
    """q, k and v of a layer become the rows of one matrix."""
    out = {}
    for name, tensor in tensors.items():
        name = name.removeprefix("text_model.")
        if name in OPEN_CLIP_ENDS:
            out[OPEN_CLIP_ENDS[name]] = tensor
            continue
        layer, part, kind = re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(\w+)", name).groups()
        place = f"transformer.resblocks.{layer}"
        if part in OPEN_CLIP:
            out[f"{place}.{OPEN_CLIP[part]}.{kind}"] = tensor
        elif part == "self_attn.q_proj":
            rows = [tensors[f"text_model.encoder.layers.{layer}.self_attn.{p}_proj.{kind}"] for p in "qkv"]
            out[f"{place}.attn.in_proj_{kind}"] = torch.cat(rows)
    return out


def original_unet(tensors, config):
    layers = config["layers_per_block"]
    attends = lambda level: config["up_block_types"][level] != "UpBlock2D"
    return {f"model.diffusion_model.{unet_name(n, layers, attends)}": t for n, t in tensors.items()}


def original_vae(tensors, config):
    """Attention weights were 1x1 convolutions."""
    levels = len(config["block_out_channels"])
    is_conv = lambda name: re.search(r"attentions\.0\.to_.*weight", name)
    return {f"first_stage_model.{vae_name(n, levels)}": t[:, :, None, None] if is_conv(n) else t for n, t in tensors.items()}


def read_part(folder, part):
    (weights,) = (folder / part).glob("*.safetensors")
    return load_file(weights), json.loads((folder / part / "config.json").read_text())


def extras(unet):
    """What published files carry besides the networks."""
    averaged = {"model_ema." + n.removeprefix("model.").replace(".", ""): torch.zeros(1) for n in unet}
    tables = {"betas": torch.linspace(0, 1, 10), "alphas_cumprod": torch.linspace(0, 1, 10)}
    return {**averaged, **tables, "model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(7)}


def write_single(folder, text):
    unet = original_unet(*read_part(folder, "unet"))
    vae = original_vae(*read_part(folder, "vae"))
    tensors = {**unet, **vae, **text(read_part(folder, "text_encoder")[0]), **extras(unet)}
    file = MODELS / f"{folder.name}.safetensors"
    save_file({n: t.contiguous() for n, t in tensors.items()}, file, metadata={"format": "pt"})
    (MODELS / f"{folder.name}.darkroom.json").write_text(json.dumps({"tokenizer": "sd2-zsnr"}) + "\n")
    compare_with_diffusers(file, folder)
    return file


def text_of_sd1(tensors):
    ids = {"cond_stage_model.transformer.text_model.embeddings.position_ids": torch.arange(77)[None]}
    return {**{f"cond_stage_model.transformer.{n}": t for n, t in tensors.items()}, **ids}


def text_of_sd2(tensors):
    """The original has one layer more, whose output nobody uses, and a projection the pooled output would need."""
    renamed = open_clip(tensors)
    last = {n.replace("resblocks.1.", "resblocks.2."): t * 0.5 for n, t in renamed.items() if "resblocks.1." in n}
    more = {"text_projection": torch.zeros(128, 96).half(), "logit_scale": torch.tensor(4.6)}
    return {f"cond_stage_model.model.{n}": t for n, t in {**renamed, **last, **more}.items()}


def state(module):
    return {n.removeprefix("text_model."): t for n, t in module.state_dict().items() if not n.endswith("position_ids")}


def compare_with_diffusers(file, folder):
    """A second reader of the same file: diffusers' own conversion, with the folder's configs, gives the folder's weights."""
    ours = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float16, safety_checker=None)
    theirs = StableDiffusionPipeline.from_single_file(
        str(file), config=str(folder), torch_dtype=torch.float16, local_files_only=True, safety_checker=None)
    for part in ("unet", "vae", "text_encoder"):
        a, b = state(getattr(ours, part)), state(getattr(theirs, part))
        assert a.keys() == b.keys(), (part, a.keys() ^ b.keys())
        wrong = [n for n in a if not torch.equal(a[n], b[n])]
        assert not wrong, (file.name, part, len(wrong), wrong[:3])
    print(file.name, "is read by diffusers as the folder it was made from")


def digests(folder):
    return {part: {n: hashlib.sha256(t.contiguous().numpy().tobytes()).hexdigest()[:16]
                   for n, t in read_part(folder, part)[0].items()} for part in ("unet", "vae", "text_encoder")}


@torch.no_grad()
def picture(folder, sampler, case):
    case = make_pipelines.complete(sampler, case)
    rescale = case.get("rescale", 0.0)
    settings = dict(prompt=case["prompt"], negative_prompt=case["negative"], guidance_scale=case["guidance"],
                    num_inference_steps=case["steps"], generator=torch.Generator().manual_seed(case["seed"]),
                    output_type="latent")
    if case["strength"] is None:
        pipe = make_pipelines.load(folder.resolve(), StableDiffusionPipeline, sampler)
        latents = pipe(**settings, width=case["width"], height=case["height"], guidance_rescale=rescale).images
    else:
        pipe = make_pipelines.load(folder.resolve(), StableDiffusionImg2ImgPipeline, sampler)
        start = make_pipelines.start_picture(case["width"], case["height"])
        latents = pipe(**settings, image=torch.from_numpy(start).permute(2, 0, 1)[None] / 255, strength=case["strength"]).images
    image = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    pixels = pipe.image_processor.postprocess(image, output_type="np")[0]
    return case, latents[0].contiguous(), torch.from_numpy((pixels * 255).round().astype("uint8")).contiguous()


TEXT = dict(name="text", guidance=5.0, steps=6, seed=7)
IMAGE = dict(name="image", guidance=3.0, steps=6, seed=11, strength=0.6)
RESCALED = dict(name="rescaled", guidance=7.5, steps=5, seed=2**32 - 2, width=64, height=96, rescale=0.7)
SAMPLERS = list(make_pipelines.SCHEDULERS)
CASES = {
    "sd2-zsnr": [(s, v) for s in SAMPLERS for v in (TEXT, IMAGE, RESCALED)],
    "sd1": [("dpmpp_2m_karras", TEXT), ("euler", IMAGE)],
    "sd2": [("ddim", TEXT), ("dpmpp_2m", IMAGE)],
}


def paint(folders):
    arrays = {"start/96x64": torch.from_numpy(make_pipelines.start_picture(96, 64))}
    cases = []
    for model, wanted in CASES.items():
        for sampler, variant in wanted:
            key = f"{model}/{sampler}/{variant['name']}"
            case, arrays[f"{key}/latents"], arrays[f"{key}/pixels"] = picture(folders[model], sampler, variant)
            cases.append({"key": key, "folder": model, "rescale": 0, **case})
            print(key, f"latents {arrays[f'{key}/latents'].std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}")
    save_file(arrays, HERE / "pictures.safetensors")
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "pictures.json").write_text(f'{{"cases": [\n{lines}\n]}}\n')


def full_size_names():
    """[original name, shape, diffusers' name] of Stable Diffusion 1.5 and 2.1; in_proj has no single name there."""
    headers = json.loads((HERE.parent / "networks" / "headers.json").read_text())
    empty = lambda part: {n: torch.empty(s, device="meta") for n, s in headers[part]["tensors"].items()}
    vae = original_vae(empty("sd_vae"), headers["sd_vae"]["config"])
    out = {}
    for family, text in (("sd15", text_of_full_sd1), ("sd21", text_of_full_sd2)):
        unet = original_unet(empty(f"{family}_unet"), headers[f"{family}_unet"]["config"])
        tensors = {**unet, **vae, **text(empty(f"{family}_text"))}
        out[family] = {n: "x".join(map(str, t.shape)) for n, t in tensors.items()}
    (HERE / "names.json").write_text(json.dumps(out, indent=0) + "\n")


def text_of_full_sd1(tensors):
    return {f"cond_stage_model.transformer.{n}": t for n, t in tensors.items()}


def text_of_full_sd2(tensors):
    renamed = open_clip(tensors)
    last = {n.replace("resblocks.22.", "resblocks.23."): t for n, t in renamed.items() if "resblocks.22." in n}
    more = {"text_projection": torch.empty(1024, 1024, device="meta"), "logit_scale": torch.empty((), device="meta")}
    return {f"cond_stage_model.model.{n}": t for n, t in {**renamed, **last, **more}.items()}


def main():
    shutil.rmtree(MODELS, ignore_errors=True)
    MODELS.mkdir()
    sd2_zsnr()
    make_folders.randomise = coarse
    with tempfile.TemporaryDirectory() as scratch:
        folders = {"sd1": sd1(Path(scratch)), "sd2": sd2(Path(scratch)), "sd2-zsnr": MODELS / "sd2-zsnr"}
        write_single(folders["sd1"], text_of_sd1)
        write_single(folders["sd2"], text_of_sd2)
        recorded = {name: digests(folders[name]) for name in ("sd1", "sd2")}
        (HERE / "tensors.json").write_text(json.dumps(recorded, indent=0) + "\n")
        paint(folders)
    full_size_names()


if __name__ == "__main__":
    main()
