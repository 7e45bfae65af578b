"""Pictures with recipes as other tools write them: AUTOMATIC1111's code path for JPEG and WebP (piexif's UserComment helper) and PNG text
chunks as ComfyUI, InvokeAI and NovelAI name them. Run where this file lies: python make_pictures.py, with Pillow and piexif 1.1.3.

AUTOMATIC1111 stable-diffusion-webui 1.10, modules/images.py, save_image_with_geninfo:
    exif_bytes = piexif.dump({"Exif": {piexif.ExifIFD.UserComment: piexif.helper.UserComment.dump(geninfo or "", encoding="unicode")}})
    piexif.insert(exif_bytes, filename)
"""

import json

import piexif
import piexif.helper
from PIL import Image, PngImagePlugin

RECIPE = (
    "a fox in the snow, 雪 <lora:soft:0.8>\n"
    "Negative prompt: text, лишнее\n"
    "Steps: 20, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7, Seed: 1234567890, Size: 512x768, "
    'Model hash: 6ce0161689, Model: v1-5-pruned-emaonly, Clip skip: 2, Lora hashes: "soft: 0123456789ab", Version: v1.10.1'
)

picture = Image.new("RGB", (6, 4), (200, 120, 40))
with open("recipe.txt", "w", encoding="utf-8") as file:
    file.write(RECIPE)

for name in ["a1111.jpg", "a1111.webp"]:
    picture.save(name, quality=80)
    comment = piexif.helper.UserComment.dump(RECIPE, encoding="unicode")
    piexif.insert(piexif.dump({"Exif": {piexif.ExifIFD.UserComment: comment}}), name)

# Pillow's own writer: little-endian header, camera fields before the comment, ASCII code.
exif = Image.Exif()
exif.endian = "<"
exif[0x010F] = "A camera"
exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0" + b"a plain fox\nSteps: 5, Seed: 7, Size: 64x32"
picture.save("ascii.jpg", exif=exif)


def png(name, texts):
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    picture.save(name, pnginfo=info)


png("a1111.png", {"parameters": RECIPE})
png("comfyui.png", {"prompt": json.dumps({"3": {"class_type": "KSampler"}}), "workflow": json.dumps({"nodes": []})})
png("invokeai.png", {"invokeai_metadata": json.dumps({"generation_mode": "txt2img"})})
png("novelai.png", {"Software": "NovelAI", "Description": "a fox", "Comment": json.dumps({"steps": 28})})
png("plain.png", {"Comment": "made by hand"})
