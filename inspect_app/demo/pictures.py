"""Small drawn photos of findings, with the stamp a watermark camera prints on them."""

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SIZE = (640, 480)
HOME = ZoneInfo("Asia/Shanghai")
SPOIL = {
    "direct_discharge": (58, 48, 40),
    "dry_weather_overflow": (86, 80, 62),
    "abnormal_water": (92, 60, 84),
    "odour_dust": (150, 146, 138),
}
PILES = ("bank_waste", "solid_waste", "floating_debris", "livestock", "zone_violation")


@dataclass(frozen=True, slots=True)
class Shot:
    """What a photo shows: where, when, what, and whether it is cured."""

    lon: float
    lat: float
    taken_at: datetime
    finding_type: str
    cured: bool


def photo(rng: np.random.Generator, shot: Shot) -> tuple[str, bytes]:
    """Return the hash and the bytes of a JPEG; equal shots and streams give equal bytes."""
    image = _scene(rng, shot)
    _stamp(image, shot)
    exif = Image.Exif()
    local = shot.taken_at.astimezone(HOME)
    exif[0x0110] = "field tablet"
    exif[0x0132] = f"{local:%Y:%m:%d %H:%M:%S}"
    exif.get_ifd(0x8769)[0x9003] = f"{local:%Y:%m:%d %H:%M:%S}"
    exif.get_ifd(0x8769)[0x9011] = "+08:00"
    gps = exif.get_ifd(0x8825)
    gps.update({1: "N", 2: _dms(shot.lat), 3: "E", 4: _dms(shot.lon)})
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82, exif=exif)
    content = out.getvalue()
    return hashlib.sha256(content).hexdigest(), content


def _dms(degrees: float) -> tuple[float, float, float]:
    minutes = degrees % 1 * 60
    return (float(int(degrees)), float(int(minutes)), round(minutes % 1 * 60, 3))


def _scene(rng: np.random.Generator, shot: Shot) -> Image.Image:
    """Draw sky, far trees, a field, a bank and the water, and the fault unless it is cured."""
    width, height = SIZE
    ramp = np.linspace(0, 1, height)[:, None, None]
    sky, haze = np.array([126, 170, 214]), np.array([228, 232, 226])
    pixels = np.repeat(sky + (haze - sky) * np.minimum(ramp * 2.2, 1), width, axis=1)
    image = Image.fromarray(
        (pixels + rng.normal(0, 2, (height, width, 1))).clip(0, 255).astype("uint8")
    )
    draw = ImageDraw.Draw(image)
    horizon = int(height * rng.uniform(0.36, 0.46))
    draw.rectangle((0, horizon, width, height), fill=(142, 150, 92))
    for x in range(-20, width, 17):
        tall = int(rng.uniform(18, 52))
        green = (int(rng.uniform(60, 92)), int(rng.uniform(98, 128)), 66)
        draw.ellipse((x, horizon - tall, x + 34, horizon + 10), fill=green)
    left, right = rng.uniform(0.02, 0.24) * width, rng.uniform(0.72, 0.98) * width
    vanish = width * rng.uniform(0.42, 0.6)
    bank = [(left - 46, height), (vanish - 9, horizon), (vanish + 9, horizon), (right + 46, height)]
    draw.polygon(bank, fill=(170, 152, 116))
    water = (96, 134, 142) if shot.cured else SPOIL.get(shot.finding_type, (104, 132, 124))
    draw.polygon(
        [(left, height), (vanish - 4, horizon), (vanish + 4, horizon), (right, height)], fill=water
    )
    for _ in range(46):
        y = horizon + (height - horizon) * rng.random() ** 0.6
        share = (y - horizon) / (height - horizon)
        x = vanish + (rng.uniform(left, right) - vanish) * share
        shine = tuple(min(255, tone + 26) for tone in water)
        draw.line((x, y, x + 30 * share, y), fill=shine, width=1)
    if not shot.cured:
        _fault(rng, draw, shot, edge=(left, horizon))
    return image


def _fault(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, shot: Shot, *, edge: tuple[float, int]
) -> None:
    height = SIZE[1]
    if shot.finding_type in PILES:
        for _ in range(60):
            x = edge[0] + 60 + rng.normal(0, 46)
            y = height * 0.86 + rng.normal(0, 22)
            size = rng.uniform(4, 15)
            tone = tuple(int(v) for v in rng.integers(70, 235, 3))
            draw.rectangle((x, y, x + size, y + size * 0.7), fill=tone)
        return
    x, y = edge[0] + 26, height * 0.72
    draw.rectangle((x - 60, y - 26, x, y + 20), fill=(128, 128, 124))
    draw.ellipse((x - 16, y - 22, x + 20, y + 16), fill=(46, 46, 48))
    stream = [(x - 6, y + 2), (x + 14, y + 2), (x + 74, height - 20), (x + 16, height - 8)]
    draw.polygon(stream, fill=SPOIL.get(shot.finding_type, (84, 74, 58)))


def _stamp(image: Image.Image, shot: Shot) -> None:
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(18)
    local = shot.taken_at.astimezone(HOME)
    lines = (
        f"{local:%Y-%m-%d %H:%M}",
        f"E {shot.lon:.6f}  N {shot.lat:.6f}",
        f"{shot.finding_type}  {'AFTER' if shot.cured else 'BEFORE'}",
    )
    for place, line in enumerate(lines):
        spot = (14, SIZE[1] - 80 + place * 23)
        draw.text((spot[0] + 1, spot[1] + 1), line, fill=(20, 20, 20), font=font)
        draw.text(spot, line, fill=(255, 255, 255), font=font)
