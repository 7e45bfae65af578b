"""The training pictures and their recoloured copies.

Owns: reading what build_pictures.mjs wrote, and tinting. Shapes: n pictures, h = w = 128 pixels.
"""

import json
from pathlib import Path

import numpy as np
import torch

SIZE_PX = 128
STYLES = ("noto", "3d", "flat", "twemoji")
# sRGB; the mid-tone each recoloured picture is pulled to.
COLOURS = {
    "red": (221, 46, 68),
    "orange": (244, 144, 12),
    "yellow": (253, 203, 60),
    "green": (60, 170, 70),
    "blue": (45, 110, 230),
    "purple": (145, 80, 205),
    "pink": (250, 120, 180),
    "brown": (150, 95, 60),
    "black": (45, 45, 48),
    "white": (236, 236, 240),
}
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


class Pictures:
    """All training pictures: `pixels` u8[n, 128, 128, 3] (RGB on white), `entries` [{hexcode, style}]."""

    def __init__(self, folder):
        folder = Path(folder)
        self.entries = json.loads((folder / "pictures.json").read_text())
        self.concepts = json.loads((folder / "concepts.json").read_text())
        self.pixels = np.fromfile(folder / "pictures.u8", dtype=np.uint8).reshape(-1, SIZE_PX, SIZE_PX, 3)
        assert len(self.pixels) == len(self.entries), (len(self.pixels), len(self.entries))

    def __len__(self):
        return len(self.entries)


def foreground(picture):
    """bool[h, w]: where the picture (u8[h, w, 3]) is not the white ground."""
    return picture.min(axis=-1) < 245


def tint(picture, colour):
    """Recolours u8[h, w, 3] to shades of one colour; white stays white and black stays black.

    A gamma moves the foreground's median luma to the colour's own luma, then luma indexes the ramp
    black -> colour -> white, so that shading and outlines survive.
    """
    rgb = np.asarray(COLOURS[colour], dtype=np.float32) / 255
    luma = (picture.astype(np.float32) / 255) @ LUMA
    inside = luma[foreground(picture)]
    median = float(np.clip(np.median(inside) if inside.size else 0.5, 0.05, 0.95))
    target = float(rgb @ LUMA)
    gamma = np.clip(np.log(target) / np.log(median), 0.25, 6.0)
    luma = (luma**gamma)[..., None]
    ramp = np.where(luma <= target, rgb * (luma / target), rgb + (1 - rgb) * (luma - target) / (1 - target))
    return (ramp * 255 + 0.5).clip(0, 255).astype(np.uint8)


def colourfulness(picture):
    """Mean chroma (max - min of RGB, 0..255) of the foreground of u8[h, w, 3]."""
    inside = picture[foreground(picture)].astype(np.int16)
    return float((inside.max(-1) - inside.min(-1)).mean()) if len(inside) else 0.0


def to_tensor(pixels):
    """u8[n, h, w, 3] -> f32[n, 3, h, w] in -1..1, the autoencoder's range."""
    return torch.from_numpy(np.ascontiguousarray(pixels)).permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(tensor):
    """f32[n, 3, h, w] in -1..1 -> u8[n, h, w, 3]."""
    return ((tensor.clamp(-1, 1) + 1) * 127.5 + 0.5).byte().permute(0, 2, 3, 1).numpy()
