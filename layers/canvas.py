"""The map page's shell, built by folium: map, controls and links; no data and no user text."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import CssLink, Figure, JavascriptLink
from folium.plugins import Fullscreen, LocateControl

JSDELIVR = "https://cdn.jsdelivr.net"
CDNJS = "https://cdnjs.cloudflare.com/ajax/libs"

ASSETS: dict[str, str | None] = {
    f"{JSDELIVR}/npm/leaflet@1.9.3/dist/leaflet.js": "leaflet/leaflet.js",
    f"{JSDELIVR}/npm/leaflet@1.9.3/dist/leaflet.css": "leaflet/leaflet.css",
    f"{JSDELIVR}/npm/leaflet.fullscreen@3.0.0/Control.FullScreen.min.js": (
        "leaflet.fullscreen/Control.FullScreen.js"
    ),
    f"{JSDELIVR}/npm/leaflet.fullscreen@3.0.0/Control.FullScreen.css": (
        "leaflet.fullscreen/Control.FullScreen.css"
    ),
    f"{CDNJS}/leaflet-locatecontrol/0.66.2/L.Control.Locate.min.js": (
        "leaflet.locatecontrol/L.Control.Locate.min.js"
    ),
    f"{CDNJS}/leaflet-locatecontrol/0.66.2/L.Control.Locate.min.css": (
        "leaflet.locatecontrol/L.Control.Locate.min.css"
    ),
    # The page has its own look; markers are drawn on canvas, so icon fonts are not needed.
    "https://code.jquery.com/jquery-3.7.1.min.js": None,
    f"{JSDELIVR}/npm/bootstrap@5.2.2/dist/js/bootstrap.bundle.min.js": None,
    f"{JSDELIVR}/npm/bootstrap@5.2.2/dist/css/bootstrap.min.css": None,
    f"{JSDELIVR}/npm/@fortawesome/fontawesome-free@6.2.0/css/all.min.css": None,
    f"{CDNJS}/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.js": None,
    f"{CDNJS}/Leaflet.awesome-markers/2.0.2/leaflet.awesome-markers.css": None,
    "https://netdna.bootstrapcdn.com/bootstrap/3.0.0/css/bootstrap-glyphicons.css": None,
    f"{JSDELIVR}/gh/python-visualization/folium/folium/templates/leaflet.awesome.rotate.min.css": (
        None
    ),
}
"""Every address folium may name → our own file, or None where the page does without."""

OWN_SCRIPTS = ("leaflet.vectorgrid/Leaflet.VectorGrid.bundled.min.js",)
"""Scripts our modules need and folium does not name."""

_INLINE = re.compile(r"<(?P<tag>script|style)>(?P<body>.*?)</(?P=tag)>", re.DOTALL)


class UnknownAsset(ValueError):
    """folium named a script or style that is not in the table; it would leave the house."""


@dataclass(frozen=True, slots=True)
class Words:
    """Titles of the controls, in the reader's language."""

    fullscreen: str
    leave_fullscreen: str
    locate: str


@dataclass(frozen=True, slots=True)
class Canvas:
    """The parts of a page; `name` is the script's variable that holds the map."""

    head: str
    body: str
    script: str
    name: str


def draw_canvas(
    centre: tuple[float, float], zoom: int, *, words: Words, static: str, nonce: str
) -> Canvas:
    """Return the shell of the map page around `centre` (longitude, latitude).

    Every link points below `static`, every inline tag carries `nonce`. Raises UnknownAsset.
    """
    lon, lat = centre
    shell = folium.Map(
        location=[lat, lon],
        zoom_start=zoom,
        tiles=None,
        control_scale=False,  # ours is metric only
        zoom_control=False,
        prefer_canvas=True,
        min_zoom=6,
        max_zoom=19,
    )
    Fullscreen(  # type: ignore[no-untyped-call]
        position="topright", title=words.fullscreen, title_cancel=words.leave_fullscreen
    ).add_to(shell)
    LocateControl(  # type: ignore[no-untyped-call]
        position="topright", strings={"title": words.locate}, keep_current_zoom_level=False
    ).add_to(shell)
    figure: Any = shell.get_root()
    figure.render()
    return Canvas(
        head="\n".join(head_of(figure, static=static, nonce=nonce)),
        body=figure.html.render(),
        script=f'<script nonce="{nonce}">{figure.script.render()}</script>',
        name=shell.get_name(),
    )


def head_of(figure: Figure, *, static: str, nonce: str) -> Iterator[str]:
    """Yield the tags of folium's head with our own addresses and the nonce; no meta tags."""
    for child in figure.header._children.values():
        if isinstance(child, JavascriptLink | CssLink):
            path = own_asset(child.url)
            if path is not None:
                yield _tag(f"{static}{path}")
        else:
            for inline in _INLINE.finditer(child.render()):
                tag = inline["tag"]
                yield f'<{tag} nonce="{nonce}">{inline["body"]}</{tag}>'
    for path in OWN_SCRIPTS:
        yield _tag(f"{static}{path}")


def own_asset(url: str, assets: Mapping[str, str | None] = ASSETS) -> str | None:
    """Return our file for an address of folium's, None to leave it out; raises UnknownAsset."""
    if url not in assets:
        message = f"folium names {url}, which is not in the table of layers/canvas.py"
        raise UnknownAsset(message)
    return assets[url]


def _tag(url: str) -> str:
    if url.endswith(".css"):
        return f'<link rel="stylesheet" href="{url}">'
    return f'<script src="{url}"></script>'
