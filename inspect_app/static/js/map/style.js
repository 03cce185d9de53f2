// Cartography: one place for widths, dashes and radii by class and zoom.

export function swatchOf(layer, value) {
  return layer.legend.find((swatch) => swatch.value === value) ?? layer.legend.at(-1);
}

// Lines grow gently with the zoom; their declared width holds at zoom 12.
export function widthAt(width, zoom) {
  const growth = 2 ** ((zoom - 12) * 0.35);
  return width * Math.min(2.4, Math.max(0.5, growth));
}

const NOTHING = { stroke: false, fill: false };

export function lineStyle(layer, value, zoom) {
  const swatch = swatchOf(layer, value);
  if (zoom < swatch.fromZoom) return NOTHING;
  const weight = widthAt(swatch.width, zoom);
  const line = {
    stroke: true, fill: false, color: swatch.colour, weight, opacity: 1,
    dashArray: swatch.dash || null, lineCap: "round", lineJoin: "round",
  };
  if (!swatch.casing || zoom < 13) return line;
  return [{ ...line, color: swatch.casing, weight: weight + 1.4 }, line];
}

export function polygonStyle(layer, value, zoom) {
  const swatch = swatchOf(layer, value);
  return {
    stroke: true, color: swatch.colour, weight: widthAt(swatch.width, Math.min(zoom, 14)),
    opacity: 0.9, dashArray: swatch.dash || null, lineJoin: "round",
    fill: layer.fill > 0, fillColor: swatch.colour, fillOpacity: layer.fill,
  };
}

// The area of a circle follows its number: twice the complaints, twice the area.
export function pointRadius(layer, number, zoom) {
  const base = zoom < 11 ? 4 : zoom < 14 ? 5 : 6.5;
  return layer.unit ? Math.min(22, base * Math.sqrt(Math.max(1, number))) : base;
}

export function pointStyle(layer, properties, zoom) {
  return {
    radius: pointRadius(layer, properties.number, zoom), color: "#fff", weight: 1.5, opacity: 0.95,
    fillColor: swatchOf(layer, properties.class).colour, fillOpacity: layer.fill,
  };
}

export function clusterSize(number) {
  return Math.round(Math.min(64, 24 + 9 * Math.log10(Math.max(1, number)) ** 1.4));
}

// The little picture of a class in the legend.
export function symbol(layer, swatch) {
  const ns = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(ns, "svg");
  for (const [name, value] of Object.entries({ width: 20, height: 14, "aria-hidden": "true" })) {
    picture.setAttribute(name, value);
  }
  const draw = (tag, values) => {
    const element = document.createElementNS(ns, tag);
    for (const [name, value] of Object.entries(values)) element.setAttribute(name, value);
    picture.append(element);
  };
  const dash = swatch.dash || "none";
  if (layer.shape === "point") {
    draw("circle", { cx: 10, cy: 7, r: 5, fill: swatch.colour, stroke: "#fff", "stroke-width": 1 });
  } else if (layer.shape === "line") {
    if (swatch.casing) {
      draw("path", { d: "M1 7H19", stroke: swatch.casing, "stroke-width": swatch.width + 1.6 });
    }
    draw("path", {
      d: "M1 7H19", stroke: swatch.colour, "stroke-width": swatch.width, "stroke-dasharray": dash,
    });
  } else {
    draw("rect", {
      x: 2, y: 2, width: 16, height: 10, fill: swatch.colour, "fill-opacity": layer.fill,
      stroke: swatch.colour, "stroke-width": Math.max(1, swatch.width), "stroke-dasharray": dash,
    });
  }
  return picture;
}
