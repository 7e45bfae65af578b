# Makes test/golden/control: three pictures and what OpenCV and NumPy make of them.
#   pip install numpy==2.4.6 opencv-python-headless==5.0.0.93 && python test/golden/make_control.py
# edges_*.png      cv2.Canny(picture, 100, 200) and (picture, 40, 90): to the bit
# softedge_*.png   length of Sobel's gradient of the blurred picture, strongest channel, over 4 (borders carried on)
# scribble_*.png   where that is at least a quarter of its 99th percentile, or 6, or 20
# cells_*.png      means of the 8 cells on the shorter side and as many square ones as fit along the longer
from pathlib import Path

import cv2
import numpy as np

OUT = Path(__file__).parent / "control"
SHORT = 512  # pixels on the shorter side for which widths in pixels are given


def noise(rng, h, w, sigma):
    plane = cv2.GaussianBlur(rng.standard_normal((h, w, 3)), (0, 0), sigma)
    return plane / np.abs(plane).max()


def shapes(h, w):
    """Filled shapes with soft shading over a slope, as in drawings and photographs."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:h, 0:w]
    picture = np.stack([200 + 40 * x / w, 210 - 60 * y / h, 180 + 30 * (x + y) / (w + h)], -1)
    cv2.circle(picture, (w // 3, h // 2), h // 4, (30, 60, 200), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (w // 2, h // 6), (w - w // 8, h // 2), (220, 40, 40), -1)
    cv2.line(picture, (w // 2, h - h // 6), (w - 4, h // 2 + 6), (10, 90, 20), 3, cv2.LINE_AA)
    cv2.ellipse(picture, (3 * w // 4, 3 * h // 4), (w // 8, h // 9), 30, 0, 300, (90, 20, 120), 2, cv2.LINE_AA)
    return picture + 6 * noise(rng, h, w, 3)


def texture(h, w):
    rng = np.random.default_rng(11)
    return 128 + 70 * noise(rng, h, w, 1.6) + 90 * noise(rng, h, w, 6)


def speckle(h, w):
    return np.random.default_rng(13).integers(0, 256, (h, w, 3)).astype(float)


def blur(picture, sigma, reach):
    px = int(reach * sigma + 0.5)
    if px == 0:
        return picture
    return cv2.GaussianBlur(picture, (2 * px + 1, 2 * px + 1), sigma, borderType=cv2.BORDER_REPLICATE)


def softedge(picture):
    scale = min(picture.shape[:2]) / SHORT
    smooth = blur(picture.astype(np.float32), 3.0 * scale, 4)
    dx, dy = (cv2.Sobel(smooth, cv2.CV_32F, *axes, ksize=3, borderType=cv2.BORDER_REPLICATE) for axes in ((1, 0), (0, 1)))
    return np.sqrt(dx * dx + dy * dy).max(-1) / 4


def scribble(picture):
    strength = softedge(picture)
    white = max(np.sort(strength, axis=None)[int(0.99 * (strength.size - 1))], 8)
    return np.where(strength >= np.clip(white / 4, 6, 20), 255, 0).astype(np.uint8)


def cells(picture):
    h, w = picture.shape[:2]
    side = min(h, w) / 8
    rows, columns = round(h / side), round(w / side)
    out = np.zeros((h, w, 3))
    for r in range(rows):
        for c in range(columns):
            box = np.s_[r * h // rows : (r + 1) * h // rows, c * w // columns : (c + 1) * w // columns]
            out[box] = picture[box].reshape(-1, 3).mean(0)
    return np.floor(out + 0.5).astype(np.uint8)


def write(name, picture):
    cv2.imwrite(str(OUT / name), picture if picture.ndim == 2 else picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])


OUT.mkdir(exist_ok=True)
for name, picture in {"shapes": shapes(160, 240), "texture": texture(65, 97), "speckle": speckle(40, 24)}.items():
    picture = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    write(f"{name}.png", picture)
    write(f"edges_{name}.png", cv2.Canny(picture, 100, 200))
    write(f"edges_low_{name}.png", cv2.Canny(picture, 40, 90))
    write(f"scribble_{name}.png", scribble(picture))
    write(f"softedge_{name}.png", np.clip(np.rint(softedge(picture)), 0, 255).astype(np.uint8))
    write(f"cells_{name}.png", cells(picture))
