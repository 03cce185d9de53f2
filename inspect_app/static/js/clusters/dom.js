// Elements with text; never markup, since texts come from people.

export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== "") element.textContent = text;
  return element;
}

export const byId = (id) => document.getElementById(id);

export function fill(words, values) {
  return words.replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

const SVG = "http://www.w3.org/2000/svg";

// A circle as it stands on the map: for the legend and for rows of clusters.
export function sample({ fill: inside = "none", stroke = "none", width = 0, dash = "" }) {
  const picture = document.createElementNS(SVG, "svg");
  for (const [name, value] of Object.entries({ width: 22, height: 22, "aria-hidden": "true" })) {
    picture.setAttribute(name, value);
  }
  const circle = document.createElementNS(SVG, "circle");
  const values = {
    cx: 11, cy: 11, r: 8, fill: inside, stroke, "stroke-width": width, "stroke-dasharray": dash || "none",
  };
  for (const [name, value] of Object.entries(values)) circle.setAttribute(name, value);
  picture.append(circle);
  return picture;
}
