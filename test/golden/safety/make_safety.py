"""A miniature of Stable Diffusion's safety checker with random weights, and what diffusers says with it of the classifier's test pictures.

Run: python test/golden/safety/make_safety.py   (diffusers 0.42.1, transformers 5.23.0, torch 2.15, Pillow; seed below)
Thresholds lie in the middle of what the pictures have, so that some are flagged, some not, and one only because special care lowered them.
Tolerance 1e-4: two layers in single precision, and a resize to 8 bits that both sides do alike.
"""
import json
from pathlib import Path

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker, cosine_distance
from PIL import Image
from transformers import CLIPConfig
from transformers.models.clip import CLIPImageProcessor

HERE = Path(__file__).parent
PICTURES = sorted((HERE.parent / "classifier").glob("*.png"))
SIDE = 42

torch.manual_seed(20)
config = CLIPConfig(
    projection_dim=24,
    text_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, vocab_size=8),
    vision_config=dict(
        hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, image_size=SIDE, patch_size=14,
        projection_dim=24,
    ),
)
checker = StableDiffusionSafetyChecker(config).eval()
with torch.no_grad():
    for name, parameter in checker.named_parameters():
        if parameter.dim() > 1 and "embeds" not in name:
            parameter.normal_(0, 0.15)
        elif "norm" not in name:
            parameter.normal_(0, 0.2)
    for name, parameter in checker.named_parameters():
        if "norm" in name:
            parameter.add_(torch.randn_like(parameter) * 0.1)

extractor = CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})


def pil_pixels(image):
    """What the processor does, by Pillow: the backend the published checkers were made with."""
    width, height = image.size
    short, long = min(width, height), max(width, height)
    sizes = (SIDE, int(SIDE * long / short)) if width <= height else (int(SIDE * long / short), SIDE)
    image = image.resize(sizes, Image.Resampling.BICUBIC)
    left, top = (sizes[0] - SIDE) // 2, (sizes[1] - SIDE) // 2
    levels = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), dtype=np.float32) / 255
    normal = (levels - np.float32(extractor.image_mean)) / np.float32(extractor.image_std)
    return torch.from_numpy(normal.transpose(2, 0, 1).astype(np.float32))


images = [Image.open(file).convert("RGB") for file in PICTURES]
pixels = torch.stack([pil_pixels(image) for image in images])
apart = (extractor(images, return_tensors="pt").pixel_values - pixels).abs().amax(dim=(1, 2, 3))
print("processor apart from Pillow, in levels:", (apart * 255 * 0.27).numpy().round(2))

with torch.no_grad():
    embeds = checker.visual_projection(checker.vision_model(pixels)[1])
    normal = torch.nn.functional.normalize(embeds)
    centre = normal.mean(0)
    spread = normal - centre
    # Concepts lie near what the pictures are, or their cosines would all be alike.
    checker.concept_embeds.copy_(spread[torch.arange(17) % len(images)] + 0.3 * torch.randn(17, 24) * spread.std())
    checker.special_care_embeds.copy_(spread[[1, 5, 8]] * 2)
    concept = cosine_distance(embeds, checker.concept_embeds)
    special = cosine_distance(embeds, checker.special_care_embeds)
    # Just above all but the two nearest pictures; one concept lies 0.005 above the nearest of a special picture.
    ranked = concept.sort(0, descending=True).values
    checker.concept_embeds_weights.copy_((ranked[0] + 0.05))
    checker.concept_embeds_weights[3] = (ranked[0, 3] + ranked[1, 3]) / 2
    checker.concept_embeds_weights[8] = (ranked[2, 8] + ranked[3, 8]) / 2
    checker.special_care_embeds_weights.copy_(special.max(0).values - 0.02)
    cared = int(special[:, 0].argmax())
    checker.concept_embeds_weights[12] = concept[cared, 12] + 0.005

    _, flagged = checker(clip_input=pixels, images=[np.zeros((2, 2, 3))] * len(images))

checker.save_pretrained(HERE / "safety_checker", safe_serialization=True)
extractor.save_pretrained(HERE / "feature_extractor")
result = {
    file.stem: {"concept": concept[k].tolist(), "special": special[k].tolist(), "flagged": bool(flagged[k])}
    for k, file in enumerate(PICTURES)
}
(HERE / "scores.json").write_text(json.dumps(result, indent=1) + "\n")
print({name: one["flagged"] for name, one in result.items()}, PICTURES[cared].stem)
