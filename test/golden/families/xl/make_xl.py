"""Makes the tiny SDXL models (base, refiner) and a latent consistency model, and what diffusers paints with them.

Command:  python test/golden/families/xl/make_xl.py     (diffusers 0.42.1, transformers 5.23.0, torch 2.15.0, CPU, one thread)
Writes, next to itself:
  configs/{base,refiner,lcm,lcmxl}   every JSON file of the diffusers folders, as save_pretrained wrote them, without the tokenizers: those of
                               ../models/sd2-zsnr (filled up with "!") and ../../folders/sd-small (with the end marker) are theirs
  tensors.json                 for each network, of every tensor diffusers saved: shape, exponents, addend. The numbers follow from
                               them and from the tensor's name (`numbers` below; test/support/madeModels.ts has the same rule), so
                               that no weights need to be kept here
  singles.json                 the same models as single files in the original naming: name -> which tensors, and how they lie
  pictures.json, pictures.safetensors   final latents and 8-bit pixels, as ../../make_pipelines.py makes them
  names.json.gz                of the full-size SDXL base and refiner in one file: original name -> shape
Before anything is recorded, diffusers' own from_single_file reads each single file and must give back the same weights.
"""

import gzip
import json
import math
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
import make_families  # noqa: E402
import make_folders  # noqa: E402
import make_pipelines  # noqa: E402

TOKENIZERS = {"tokenizer": HERE.parent.parent / "folders" / "sd-small" / "tokenizer",
              "tokenizer_2": HERE.parent / "models" / "sd2-zsnr" / "tokenizer"}
VOCAB = json.loads((TOKENIZERS["tokenizer"] / "vocab.json").read_text())
END = VOCAB["<|endoftext|>"]
POOLED = 96
SIZES = 32  # width of the waves of one number

TEXT = {
    "text_encoder": (CLIPTextModel, dict(
        hidden_size=64, intermediate_size=128, num_hidden_layers=3, num_attention_heads=1, hidden_act="quick_gelu",
        projection_dim=64, bos_token_id=END - 1, eos_token_id=END)),
    # As published: 2 is no end marker, and means that the largest id is.
    "text_encoder_2": (CLIPTextModelWithProjection, dict(
        hidden_size=128, intermediate_size=256, num_hidden_layers=3, num_attention_heads=2, hidden_act="gelu",
        projection_dim=POOLED, bos_token_id=0, eos_token_id=2)),
}
UNET = dict(sample_size=16, in_channels=4, out_channels=4, norm_num_groups=32)
TOLD = dict(addition_embed_type="text_time", addition_time_embed_dim=SIZES, use_linear_projection=True)
UNETS = {
    "base": dict(
        **UNET, **TOLD, block_out_channels=(32, 64, 128), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 2, 3),
        cross_attention_dim=192, attention_head_dim=(1, 1, 2), projection_class_embeddings_input_dim=POOLED + 6 * SIZES),
    "refiner": dict(
        **UNET, **TOLD, block_out_channels=(32, 64, 64, 64), layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        transformer_layers_per_block=2, cross_attention_dim=128, attention_head_dim=(1, 1, 1, 1),
        projection_class_embeddings_input_dim=POOLED + 5 * SIZES),
    "lcm": dict(
        **UNET, block_out_channels=(32, 64), layers_per_block=1, down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64, attention_head_dim=4,
        time_cond_proj_dim=24),
}
# The base's U-Net told the guidance scale too: the same numbers and one tensor more.
UNETS["lcmxl"] = dict(**UNETS["base"], time_cond_proj_dim=24)
VAE = dict(in_channels=3, out_channels=3, latent_channels=4, sample_size=128, layers_per_block=1,
           block_out_channels=(32, 32, 32, 64), norm_num_groups=32, scaling_factor=0.13025, force_upcast=True,
           down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)
# As stable-diffusion-xl-base-1.0 has it.
EULER = dict(_class_name="EulerDiscreteScheduler", _diffusers_version="0.19.0.dev0", beta_end=0.012,
             beta_schedule="scaled_linear", beta_start=0.00085, clip_sample=False, interpolation_type="linear",
             num_train_timesteps=1000, prediction_type="epsilon", sample_max_value=1.0, set_alpha_to_one=False,
             skip_prk_steps=True, steps_offset=1, timestep_spacing="leading", trained_betas=None, use_karras_sigmas=False)
LCM = dict(_class_name="LCMScheduler", _diffusers_version="0.22.0.dev0", beta_end=0.012, beta_schedule="scaled_linear",
           beta_start=0.00085, clip_sample=False, num_train_timesteps=1000, original_inference_steps=50,
           prediction_type="epsilon", set_alpha_to_one=True, steps_offset=1, timestep_spacing="leading", trained_betas=None)


# The numbers of a tensor, from its name and its place.

def numbers(name, shape, exponents, addend):
    """Whole numbers, nearly normal with a standard deviation of 2, times a power of two for each row, plus what is added."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 % 2**32
    count = math.prod(shape)
    x = (np.arange(count, dtype=np.uint64) * 0x9E3779B9 + seed) % 2**32
    x ^= x >> 16
    x = x * 0x85EBCA6B % 2**32
    x ^= x >> 13
    x = x * 0xC2B2AE35 % 2**32
    x ^= x >> 16
    bytes_sum = sum((x >> shift) & 255 for shift in (0, 8, 16, 24)).astype(np.int64)
    draws = (bytes_sum - 510 + 37) // 74
    rows = np.repeat(2.0 ** np.array(exponents), count // len(exponents))
    added = np.repeat(np.array(addend, dtype=np.float64), count // len(addend))
    return torch.from_numpy((draws * rows + added).astype(np.float32)).reshape(shape)


def rule_for(name, shape):
    """Exponents and addend; activations keep a variance near one."""
    if "embedding.weight" in name or "embeddings" in name:
        return [-2], [0]
    if len(shape) >= 2:
        return [round(math.log2(1.1 / math.prod(shape[1:]) ** 0.5)) - 1], [0]
    return [-4], [1 if name.endswith("weight") else 0]


class Network:
    """A module whose every tensor follows a rule."""

    def __init__(self, key, module):
        self.key, self.module = key, module.eval()
        self.rules = {n: rule_for(n, p.shape) for n, p in module.state_dict().items() if p.is_floating_point()}
        self.fill(self.rules)

    @torch.no_grad()
    def fill(self, names):
        state = self.module.state_dict()
        for name in names:
            state[name].copy_(numbers(f"{self.key}/{name}", tuple(state[name].shape), *self.rules[name]))

    def scale(self, layer, shift, addend=None):
        """shift: by which powers of two the rows of a layer's weight and bias change."""
        for kind in ("weight", "bias"):
            exponents, added = self.rules[f"{layer}.{kind}"]
            added = addend if kind == "bias" and addend is not None else added
            self.rules[f"{layer}.{kind}"] = ([exponents[0] + s for s in shift], added)
        self.fill([f"{layer}.weight", f"{layer}.bias"])

    def spec(self):
        shapes = {n: list(p.shape) for n, p in self.module.state_dict().items()}
        return {n: [shapes[n], *rule] for n, rule in self.rules.items()}


def octaves(wanted, measured):
    return round(math.log2(wanted / measured.std().item()))


@torch.no_grad()
def make_unet(name):
    unet = Network("base_unet" if name == "lcmxl" else f"{name}_unet", UNet2DConditionModel(**UNETS[name]))
    config = unet.module.config
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(4, 4, 12, 8, generator=generator)
    hidden = torch.randn(4, 16, config.cross_attention_dim, generator=generator)
    told = {}
    if config.addition_embed_type:
        ids = (config.projection_class_embeddings_input_dim - POOLED) // SIZES
        told["added_cond_kwargs"] = dict(text_embeds=torch.randn(4, POOLED, generator=generator),
                                         time_ids=torch.tensor([[64, 96, 0, 0, 64, 96][:ids]] * 4))
    if config.time_cond_proj_dim:
        told["timestep_cond"] = torch.randn(4, config.time_cond_proj_dim, generator=generator)
    out = unet.module(latents, torch.tensor([10, 300, 600, 990]), hidden, **told).sample
    unet.scale("conv_out", [octaves(1, out)])
    return unet


@torch.no_grad()
def make_vae():
    vae = Network("vae", AutoencoderKL(**VAE))
    generator = torch.Generator().manual_seed(2)
    latents = torch.randn(2, 4, 6, 4, generator=generator) / VAE["scaling_factor"]
    vae.scale("decoder.conv_out", [octaves(0.45, vae.module.decode(latents).sample)])
    posterior = vae.module.encode(torch.rand(2, 3, 96, 64, generator=generator) * 2 - 1).latent_dist
    mean, spread = octaves(1 / VAE["scaling_factor"], posterior.mean), octaves(0.7, posterior.logvar)
    vae.scale("quant_conv", [mean] * 4 + [spread] * 4, [0] * 4 + [-2] * 4)
    return vae


def make_text(name):
    kind, config = TEXT[name]
    return Network(name, kind(CLIPTextConfig(vocab_size=len(VOCAB), max_position_embeddings=77, **config)))


def index_of(name):
    parts = {"scheduler": ["diffusers", "EulerDiscreteScheduler"], "unet": ["diffusers", "UNet2DConditionModel"],
             "vae": ["diffusers", "AutoencoderKL"]}
    first = {"text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    second = {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "tokenizer_2": ["transformers", "CLIPTokenizer"]}
    none = {"text_encoder": [None, None], "tokenizer": [None, None]}
    if name in ("base", "lcmxl"):
        scheduler = {"scheduler": ["diffusers", "LCMScheduler"]} if name == "lcmxl" else {}
        return {"_class_name": "StableDiffusionXLPipeline", "_diffusers_version": "0.19.0.dev0",
                "force_zeros_for_empty_prompt": True, "add_watermarker": None, **parts, **first, **second, **scheduler}
    if name == "refiner":
        return {"_class_name": "StableDiffusionXLImg2ImgPipeline", "_diffusers_version": "0.19.0.dev0",
                "force_zeros_for_empty_prompt": False, "requires_aesthetics_score": True, "add_watermarker": None,
                **parts, **none, **second}
    return {"_class_name": "LatentConsistencyModelPipeline", "_diffusers_version": "0.22.0.dev0", **parts, **first,
            "scheduler": ["diffusers", "LCMScheduler"], "feature_extractor": [None, None], "safety_checker": [None, None],
            "requires_safety_checker": False}


PARTS = {"base": ("text_encoder", "text_encoder_2"), "refiner": ("text_encoder_2",), "lcm": ("text_encoder",),
         "lcmxl": ("text_encoder", "text_encoder_2")}


def write_model(root, name, networks):
    folder = root / name
    write_json(folder / "model_index.json", index_of(name))
    write_json(folder / "scheduler" / "scheduler_config.json", LCM if name.startswith("lcm") else EULER)
    for part, network in {"unet": networks[f"{name}_unet"], "vae": networks["vae"],
                          **{text: networks[text] for text in PARTS[name]}}.items():
        make_folders.write_part(network.module, folder / part, torch.float32)
    for text in PARTS[name]:
        tokenizer = text.replace("text_encoder", "tokenizer")
        shutil.copytree(TOKENIZERS[tokenizer], folder / tokenizer)
    return folder


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


def keep_configs(folder):
    for file in folder.rglob("*.json"):
        if not file.parent.name.startswith("tokenizer"):
            target = HERE / "configs" / file.relative_to(folder.parent)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)


# Single files: original name -> (names here, whether the matrix lies the other way round).

XL_ENDS = {"add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2"}


def original_unet(names, config):
    layers = config["layers_per_block"]
    attends = lambda level: config["up_block_types"][level] != "UpBlock2D"
    def rename(name):
        end, _, kind = name.rpartition(".")
        return f"{XL_ENDS[end]}.{kind}" if end in XL_ENDS else make_families.unet_name(name, layers, attends)
    return {f"model.diffusion_model.{rename(n)}": [[n], False] for n in names}


def original_vae(names, config):
    levels = len(config["block_out_channels"])
    return {f"first_stage_model.{make_families.vae_name(n, levels)}": [[n], False] for n in names}


def original_clip(names, prefix):
    return {f"{prefix}transformer.text_model.{n.removeprefix('text_model.')}": [[n], False] for n in names}


def original_open_clip(names, prefix):
    out = {f"{prefix}model.text_projection": [["text_projection.weight"], True]}
    for name in names:
        short = name.removeprefix("text_model.")
        if short in make_families.OPEN_CLIP_ENDS:
            out[f"{prefix}model.{make_families.OPEN_CLIP_ENDS[short]}"] = [[name], False]
        if m := make_families.re.fullmatch(r"encoder\.layers\.(\d+)\.(.+)\.(\w+)", short):
            place = f"{prefix}model.transformer.resblocks.{m[1]}"
            if m[2] in make_families.OPEN_CLIP:
                out[f"{place}.{make_families.OPEN_CLIP[m[2]]}.{m[3]}"] = [[name], False]
            elif m[2] == "self_attn.q_proj":
                rows = [name.replace("q_proj", f"{part}_proj") for part in "qkv"]
                out[f"{place}.attn.in_proj_{m[3]}"] = [rows, False]
    return out


def single_of(name, folder):
    """Original name -> [network, names of its tensors, whether transposed]."""
    def names_of(part):
        return list(make_families.read_part(folder, part)[0])
    def config_of(part):
        return json.loads((folder / part / "config.json").read_text())
    parts = {f"{name}_unet": original_unet(names_of("unet"), config_of("unet")),
             "vae": original_vae(names_of("vae"), config_of("vae"))}
    if name == "base":
        parts["text_encoder"] = original_clip(names_of("text_encoder"), "conditioner.embedders.0.")
    embedder = 1 if name == "base" else 0
    parts["text_encoder_2"] = original_open_clip(names_of("text_encoder_2"), f"conditioner.embedders.{embedder}.")
    return {o: [network, *rest] for network, part in parts.items() for o, rest in part.items()}


def single_tensor(networks, original, network, names, is_transposed):
    state = networks[network].module.state_dict()
    tensor = torch.cat([state[n if n in state else n.removeprefix("text_model.")] for n in names])
    is_convolution = original.startswith("first_stage_model.") and ".attn_1." in original and tensor.dim() == 2
    return tensor.T if is_transposed else tensor[:, :, None, None] if is_convolution else tensor


def write_single(root, name, folder, networks):
    spec = single_of(name, folder)
    tensors = {o: single_tensor(networks, o, *rest).contiguous() for o, rest in spec.items()}
    file = root / f"{name}.safetensors"
    save_file(tensors, file, metadata={"format": "pt"})
    compare_with_diffusers(name, file, folder)
    return spec


def compare_with_diffusers(name, file, folder):
    """A second reader of the same file: diffusers' own conversion, with the folder's configs, gives the folder's weights."""
    kind = StableDiffusionXLPipeline if name == "base" else StableDiffusionXLImg2ImgPipeline
    ours = kind.from_pretrained(folder)
    theirs = kind.from_single_file(str(file), config=str(folder), local_files_only=True)
    for part in ("unet", "vae", *PARTS[name]):
        a, b = (make_families.state(getattr(pipe, part)) for pipe in (ours, theirs))
        wrong = [n for n in a if n not in b or not torch.equal(a[n], b[n])]
        assert not wrong, (file.name, part, len(wrong), wrong[:3])
    print(file.name, "is read by diffusers as the folder it was made from")


# Pictures.

class Encoder:
    """Prompts of any length, by A1111's rules: chunks of 75 tokens, weights with the mean restored by each encoder for itself."""

    def __init__(self, pipe):
        pairs = [(pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)]
        self.pairs = [pair for pair in pairs if pair[0] is not None]

    def chunk(self, tokenizer, encoder, stretches, layer):
        ids = [i for text, _ in stretches for i in tokenizer(text, add_special_tokens=False).input_ids]
        weights = [w for text, w in stretches for _ in tokenizer(text, add_special_tokens=False).input_ids]
        framed = [tokenizer.bos_token_id, *ids, tokenizer.eos_token_id]
        padded = framed + [tokenizer.convert_tokens_to_ids(tokenizer.pad_token)] * (77 - len(framed))
        out = encoder(torch.tensor([padded]), output_hidden_states=True)
        z = out.hidden_states[layer]
        mean = z.mean()
        z = z * torch.tensor([1.0, *weights] + [1.0] * (77 - 1 - len(weights)))[None, :, None]
        return z * (mean / z.mean()), out[0]

    @torch.no_grad()
    def __call__(self, chunks, layer=-2):
        """chunks: lists of (text, weight)."""
        sides, pooled = [], None
        for tokenizer, encoder in self.pairs:
            encoded = [self.chunk(tokenizer, encoder, stretches, layer) for stretches in chunks]
            sides.append(torch.cat([z for z, _ in encoded], dim=1))
            pooled = encoded[0][1]
        return torch.cat(sides, dim=-1), pooled


def load(folder, kind, sampler, **more):
    pipe = kind.from_pretrained(folder)
    pipe.set_progress_bar_config(disable=True)
    scheduler, extra = {**make_pipelines.SCHEDULERS, "lcm": (LCMScheduler, {})}[sampler]
    pipe.scheduler = scheduler.from_config(pipe.scheduler.config, **extra, **more)
    return pipe


def words(case, pipe):
    """The prompt as diffusers takes it, or, where it would cut or misread it, as embeddings."""
    if "chunks" not in case:
        return dict(prompt=case["prompt"], negative_prompt=case["negative"] or None)
    encode, layer = Encoder(pipe), -case.get("clipSkip", 2)
    positive, pooled = encode(case["chunks"], layer)
    negative, negative_pooled = encode([[(case["negative"], 1.0)]] + [[("", 1.0)]] * (len(case["chunks"]) - 1), layer)
    return dict(prompt_embeds=positive, pooled_prompt_embeds=pooled, negative_prompt_embeds=negative,
                negative_pooled_prompt_embeds=negative_pooled)


def start(case):
    picture = make_pipelines.start_picture(case["width"], case["height"])
    return torch.from_numpy(picture).permute(2, 0, 1)[None] / 255


@torch.no_grad()
def latents_of(folders, case):
    """f32[n, c, h, w], one for each seed from the case's own on."""
    sampler, count = case["sampler"], case.get("count", 1)
    generators = [torch.Generator().manual_seed(case["seed"] + k) for k in range(count)]
    generator = generators if count > 1 else generators[0]
    common = dict(num_inference_steps=case["steps"], guidance_scale=case["guidance"], generator=generator, output_type="latent")
    size = dict(width=case["width"], height=case["height"])
    if case["folder"] == "lcm":
        pipe = load(folders["lcm"], LatentConsistencyModelPipeline, "lcm")
        return pipe, pipe(case["prompt"], **common, **size).images
    if case["strength"] is not None:
        pipe = load(folders[case["folder"]], StableDiffusionXLImg2ImgPipeline, sampler)
        return pipe, pipe(**words(case, pipe), image=start(case), strength=case["strength"], **common).images
    marked = dict(prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing")
    pipe = load(folders[case["folder"]], StableDiffusionXLPipeline, sampler, **(marked if case["marks"] else {}))
    many = dict(num_images_per_prompt=count, **size)
    if case["switchAt"] is None:
        return pipe, pipe(**words(case, pipe), **common, **many).images
    refiner = load(folders["refiner"], StableDiffusionXLImg2ImgPipeline, sampler)
    if case.get("isOneSampling"):
        return pipe, one_sampling(pipe, refiner, case)
    half_way = pipe(**words(case, pipe), **common, **many, denoising_end=case["switchAt"]).images
    return pipe, refiner(**words(case, refiner), **common, image=half_way, denoising_start=case["switchAt"]).images


def one_sampling(pipe, refiner, case):
    """One scheduler that keeps its history over the change, where diffusers' two pipelines would begin anew: A1111's way."""
    kinds = [(pipe, "sizes"), (refiner, "score")]
    told = []
    for one, kind in kinds:
        positive, negative, pooled, negative_pooled = one.encode_prompt(
            case["prompt"], negative_prompt=case["negative"] or None, do_classifier_free_guidance=True)
        h, w = case["height"], case["width"]
        ids = [[h, w, 0, 0, h, w]] * 2 if kind == "sizes" else [[h, w, 0, 0, 2.5], [h, w, 0, 0, 6.0]]
        told.append((torch.cat([negative, positive]),
                     dict(text_embeds=torch.cat([negative_pooled, pooled]), time_ids=torch.tensor(ids))))
    scheduler = pipe.scheduler
    scheduler.set_timesteps(case["steps"])
    shape = (1, 4, case["height"] // 8, case["width"] // 8)
    latents = torch.randn(shape, generator=torch.Generator().manual_seed(case["seed"])) * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        which = int(t < round(1000 - case["switchAt"] * 1000))
        inputs = scheduler.scale_model_input(torch.cat([latents] * 2), t)
        hidden, added = told[which]
        uncond, cond = kinds[which][0].unet(inputs, t, hidden, added_cond_kwargs=added).sample.chunk(2)
        latents = scheduler.step(uncond + case["guidance"] * (cond - uncond), t, latents).prev_sample
    return latents


PROMPT, NEGATIVE = make_pipelines.PROMPT, make_pipelines.NEGATIVE
LONG = [" ".join(["an old house in the snow at night"] * 5), "two cats look at the moon"]
DEFAULTS = dict(prompt=PROMPT, negative=NEGATIVE, width=96, height=64, strength=None, switchAt=None, sampler="euler",
                folder="base", guidance=5.0, steps=6, seed=7, marks=[])
CASES = [
    dict(name="text"),
    dict(name="pair", count=2, guidance=4.0, seed=41),
    dict(name="no-negative", sampler="dpmpp_2m", negative=""),
    dict(name="tall", sampler="euler_a", width=64, height=96, guidance=7.0, seed=2**32 - 2),
    dict(name="image", sampler="ddim", strength=0.6, guidance=3.0, seed=11),
    dict(name="unguided", sampler="dpmpp_2m_karras", guidance=1.0, seed=5),
    dict(name="long", prompt=f"{LONG[0]} BREAK {LONG[1]}", chunks=[[(LONG[0], 1.0)], [(LONG[1], 1.0)]], seed=8),
    dict(name="weights", prompt="a (red heart:1.3) on [white] paper", seed=9,
         chunks=[[("a", 1.0), ("red heart", 1.3), ("on", 1.0), ("white", 1 / 1.1), ("paper", 1.0)]]),
    dict(name="clip-skip", clipSkip=3, chunks=[[(PROMPT, 1.0)]], seed=10),
    dict(name="image", folder="refiner", strength=0.5, seed=12, steps=8),
    dict(name="no-negative", folder="refiner", sampler="ddim", strength=0.7, seed=13, negative=""),
    dict(name="zero-snr", sampler="ddim", marks=["v_pred", "ztsnr"], seed=14),
    dict(name="zero-snr", marks=["v_pred", "ztsnr"], seed=15, guidance=3.0),
    dict(name="text", folder="lcmxl", sampler="lcm", guidance=7.0, steps=4, seed=33),
    dict(name="refined", switchAt=0.8, steps=10, seed=21),
    dict(name="refined-early", sampler="ddim", switchAt=0.5, steps=6, seed=22, negative=""),
    dict(name="refined-ancestral", sampler="euler_a", switchAt=0.7, steps=6, seed=23, width=64, height=96),
    dict(name="refined-multistep", sampler="dpmpp_2m", switchAt=0.6, steps=8, seed=24, isOneSampling=True),
    dict(name="text", folder="lcm", sampler="lcm", guidance=8.5, steps=4, seed=31, negative=""),
    dict(name="weak", folder="lcm", sampler="lcm", guidance=1.5, steps=3, seed=32, negative="", width=64, height=96),
]


@torch.no_grad()
def paint(folders):
    arrays = {"start/96x64": torch.from_numpy(make_pipelines.start_picture(96, 64))}
    cases = []
    for variant in CASES:
        case = {**DEFAULTS, **variant}
        pipe, latents = latents_of(folders, case)
        images = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
        pixels = pipe.image_processor.postprocess(images, output_type="np")
        for k in range(case.get("count", 1)):
            key = f"{case['folder']}/{case['sampler']}/{case['name']}" + (f"-{k}" if k else "")
            arrays[f"{key}/latents"] = latents[k].contiguous()
            arrays[f"{key}/pixels"] = torch.from_numpy((pixels[k] * 255).round().astype("uint8")).contiguous()
            kept = {n: v for n, v in case.items() if n not in ("chunks", "isOneSampling", "count")}
            cases.append({"key": key, **kept, "seed": case["seed"] + k})
            print(key, f"latents {latents[k].std():.2f}", f"pixels {arrays[f'{key}/pixels'].float().std():.1f}")
    save_file(arrays, HERE / "pictures.safetensors")
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "pictures.json").write_text(f'{{"cases": [\n{lines}\n]}}\n')


def write_lines(file, parts):
    """One tensor a line."""
    def lines(part):
        return ",\n".join(f"  {json.dumps(n)}: {json.dumps(v)}" for n, v in part.items())
    file.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {{\n{lines(p)}\n}}" for k, p in parts.items()) + "\n}\n")


def spec_as_saved(networks, folders):
    """Under the names in the files, which carry `text_model.` whatever the class does."""
    out = {}
    for key, network in networks.items():
        if key == "lcmxl_unet":
            continue
        model = key.removesuffix("_unet") if key.endswith("_unet") else "lcm" if key == "text_encoder" else "base"
        part = "unet" if key.endswith("_unet") else key
        saved = make_families.read_part(folders[model], part)[0]
        rules = network.spec()
        out[key] = {n: [*rules[n if n in rules else n.removeprefix("text_model.")],
                        *([] if n in rules else [n.removeprefix("text_model.")])] for n in saved}
        for name, tensor in saved.items():
            shape, exponents, addend, *own = out[key][name]
            assert torch.equal(tensor, numbers(f"{key}/{own[0] if own else name}", tuple(shape), exponents, addend)), name
    own = "time_embedding.cond_proj.weight"
    return {**out, "lcmxl_unet": {own: networks["lcmxl_unet"].spec()[own]}}


FULL_UNETS = {
    "base": dict(
        sample_size=128, block_out_channels=[320, 640, 1280], cross_attention_dim=2048, attention_head_dim=[5, 10, 20],
        down_block_types=UNETS["base"]["down_block_types"], up_block_types=UNETS["base"]["up_block_types"],
        transformer_layers_per_block=[1, 2, 10], use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816),
    "refiner": dict(
        sample_size=128, block_out_channels=[384, 768, 1536, 1536], cross_attention_dim=1280,
        attention_head_dim=[6, 12, 24, 24], down_block_types=UNETS["refiner"]["down_block_types"],
        up_block_types=UNETS["refiner"]["up_block_types"], transformer_layers_per_block=4, use_linear_projection=True,
        addition_embed_type="text_time", addition_time_embed_dim=256, projection_class_embeddings_input_dim=2560),
}
FULL_TEXT = {
    "text_encoder": (CLIPTextModel, dict(
        hidden_size=768, intermediate_size=3072, num_attention_heads=12, num_hidden_layers=12)),
    "text_encoder_2": (CLIPTextModelWithProjection, dict(
        hidden_size=1280, intermediate_size=5120, num_attention_heads=20, num_hidden_layers=32, projection_dim=1280)),
}
FULL_VAE = dict(block_out_channels=[128, 256, 512, 512], layers_per_block=2, down_block_types=["DownEncoderBlock2D"] * 4,
                up_block_types=["UpDecoderBlock2D"] * 4)


def full_size_names():
    """Made on torch's meta device, so nothing is allocated. Files begin with what trainers' tools add: position ids and a scale."""
    out = {}
    with torch.device("meta"):
        vae = AutoencoderKL(**FULL_VAE)
        text = {part: kind(CLIPTextConfig(**config)) for part, (kind, config) in FULL_TEXT.items()}
        for name, config in FULL_UNETS.items():
            unet = UNet2DConditionModel(**config)
            states = {"unet": unet.state_dict(), "vae": vae.state_dict(),
                      **{part: {f"text_model.{n.removeprefix('text_model.')}" if n != "text_projection.weight" else n: t
                                for n, t in module.state_dict().items()} for part, module in text.items()}}
            embedder = f"conditioner.embedders.{1 if name == 'base' else 0}."
            maps = {"unet": original_unet(states["unet"], unet.config), "vae": original_vae(states["vae"], FULL_VAE),
                    "text_encoder_2": original_open_clip(states["text_encoder_2"], embedder)}
            shapes = {f"{embedder}model.logit_scale": []}
            if name == "base":
                maps["text_encoder"] = original_clip(states["text_encoder"], "conditioner.embedders.0.")
                shapes["conditioner.embedders.0.transformer.text_model.embeddings.position_ids"] = [1, 77]
            for part, mapped in maps.items():
                for original, (names, is_transposed) in mapped.items():
                    first = list(states[part][names[0]].shape)
                    rows = [first[0] * len(names), *first[1:]]
                    shapes[original] = rows[::-1] if is_transposed else rows
            out[name] = shapes
    text = json.dumps(out, separators=(",", ":")).encode()
    (HERE / "names.json.gz").write_bytes(gzip.compress(text, mtime=0))
    print({name: len(shapes) for name, shapes in out.items()}, (HERE / "names.json.gz").stat().st_size)


def main():
    full_size_names()
    torch.set_num_threads(1)
    networks = {f"{name}_unet": make_unet(name) for name in UNETS}
    networks |= {"vae": make_vae(), **{name: make_text(name) for name in TEXT}}
    shutil.rmtree(HERE / "configs", ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: write_model(Path(scratch), name, networks) for name in UNETS}
        for folder in folders.values():
            keep_configs(folder)
        write_lines(HERE / "tensors.json", spec_as_saved(networks, folders))
        write_lines(HERE / "singles.json", {name: write_single(Path(scratch), name, folders[name], networks)
                                            for name in ("base", "refiner")})
        paint(folders)


if __name__ == "__main__":
    main()
