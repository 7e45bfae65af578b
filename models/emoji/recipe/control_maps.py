"""What the ControlNet learns from: training pictures turned, stretched and moved, with their silhouettes. h = w = 128.

Owns: the moves, and the silhouette by the rule of the bot's own `silhouette` map.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import label

from pictures import SIZE_PX


# Levels of the most different channel up to which a pixel is background.
TOLERANCE = 24


def silhouette(picture):
    """bool[h, w] of u8[h, w, 3] on white: all but what is like the ground and joined to the border."""
    regions, _ = label((255 - picture.astype(np.int16)).max(-1) <= TOLERANCE)
    border = np.unique(np.concatenate([regions[0], regions[-1], regions[:, 0], regions[:, -1]]))
    return ~np.isin(regions, border[border > 0])


def moved(picture, rng):
    """u8[h, w, 3] -> the figure mirrored or not, turned, stretched, made smaller and moved, all of it still inside."""
    figure = Image.fromarray(255 - picture)
    if rng.random() < 0.5:
        figure = figure.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if rng.random() < 0.7:
        figure = figure.rotate(rng.uniform(-60, 60), Image.Resampling.BICUBIC, expand=True)
    box = figure.convert("L").point(lambda value: 255 * (value > 10)).getbbox() or (0, 0, *figure.size)
    figure = figure.crop(box)
    longest = rng.uniform(0.5, 0.96) * SIZE_PX
    stretch = np.exp(rng.uniform(-0.5, 0.5))
    width, height = figure.width * stretch**0.5, figure.height / stretch**0.5
    factor = longest / max(width, height)
    width, height = max(8, round(width * factor)), max(8, round(height * factor))
    left, top = rng.integers(0, SIZE_PX - width + 1), rng.integers(0, SIZE_PX - height + 1)
    canvas = Image.new("RGB", (SIZE_PX, SIZE_PX))
    canvas.paste(figure.resize((width, height), Image.Resampling.LANCZOS), (int(left), int(top)))
    return 255 - np.asarray(canvas)
