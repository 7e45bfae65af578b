"""Styles made by rule from the training pictures: what the style LoRAs learn. Shapes: h = w = 128 pixels.

Owns: the two rules. Each takes u8[h, w, 3] (RGB on white) and gives the same picture as u8[h, w, 3] in its style.
"""

import numpy as np
from PIL import Image, ImageFilter

from pictures import foreground

NIGHT = np.array([18, 16, 48], dtype=np.float32)
INK = np.array([25, 25, 35], dtype=np.float32)


def blurred(picture, radius):
    """f32[h, w, 3], 0..255."""
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32)


def slope(picture, radius=1.8):
    """f32[h, w], 0..1: how steeply the steepest of the three channels climbs there, in luma of a full black-white edge."""
    smooth = np.pad(blurred(picture, radius), ((1, 1), (1, 1), (0, 0)), mode="edge")
    down = smooth[2:, 1:-1] - smooth[:-2, 1:-1]
    right = smooth[1:-1, 2:] - smooth[1:-1, :-2]
    return np.hypot(down, right).max(-1) / (255 * 2 / (radius * (2 * np.pi) ** 0.5))


def strokes(picture):
    """f32[h, w], 0..1: lines about five pixels wide along every edge."""
    line = np.clip((slope(picture) - 0.08) / 0.14, 0, 1)
    return np.asarray(Image.fromarray((line * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(0.7)), np.float32) / 255


def mixed(ground, paint, share):
    """u8[h, w, 3]: `paint` over `ground` where `share` f32[h, w] says so."""
    return (ground + (paint - ground) * share[..., None] + 0.5).clip(0, 255).astype(np.uint8)


def outline(picture):
    """Dark lines on white."""
    return mixed(np.float32([255, 255, 255]), INK, strokes(picture))


def neon(picture):
    """Glowing lines in the picture's own colours on a night-blue ground."""
    colour = blurred(picture, 2.5)
    white = foreground(picture)[..., None]
    colour = np.where(white, colour, np.asarray(Image.fromarray(picture).filter(ImageFilter.MinFilter(7)), np.float32))
    brightest = colour.max(-1, keepdims=True).clip(1)
    lit = colour / brightest * 255
    chroma = (lit.max(-1, keepdims=True) - lit.min(-1, keepdims=True)) / 255
    lit = np.clip(255 - (255 - lit) * (1 + 0.6 * chroma), 40, 255)
    lines = strokes(picture)
    glow = np.asarray(Image.fromarray((lines * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(5)), np.float32) / 255
    return mixed(mixed(NIGHT, lit, np.clip(glow * 0.9, 0, 0.55)).astype(np.float32), lit, lines)


STYLES = {"outline": outline, "neon": neon}
