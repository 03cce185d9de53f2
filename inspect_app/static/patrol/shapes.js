// Places and lines: distances and positions on them, exact enough within a county.

/** Metres between two places (lon, lat); exact enough within a county. */
export function distance([lon1, lat1], [lon2, lat2]) {
  const scale = 111_195;
  const x = (lon2 - lon1) * Math.cos(((lat1 + lat2) / 2) * (Math.PI / 180));
  return scale * Math.hypot(x, lat2 - lat1);
}

/** Lines of a geometry as lists of [lon, lat]; a point is a line of one place. */
export function linesOf(geometry) {
  switch (geometry?.type) {
    case "Point": return [[geometry.coordinates]];
    case "LineString": return [geometry.coordinates];
    case "MultiPoint": return geometry.coordinates.map((place) => [place]);
    case "MultiLineString":
    case "Polygon": return geometry.coordinates;
    case "MultiPolygon": return geometry.coordinates.flat();
    default: return [];
  }
}

/** Metres from a place to a geometry. */
export function away(place, geometry) {
  let least = Infinity;
  for (const line of linesOf(geometry)) {
    least = Math.min(least, distance(place, line[0]));
    for (let index = 1; index < line.length; index += 1) {
      least = Math.min(least, distance(place, nearestOn(place, line[index - 1], line[index])));
    }
  }
  return least;
}

function nearestOn([lon, lat], [lon1, lat1], [lon2, lat2]) {
  const shrink = Math.cos(lat * (Math.PI / 180));
  const [x, y] = [(lon2 - lon1) * shrink, lat2 - lat1];
  const length = x * x + y * y;
  const along = length ? ((lon - lon1) * shrink * x + (lat - lat1) * y) / length : 0;
  const share = Math.max(0, Math.min(1, along));
  return [lon1 + share * (lon2 - lon1), lat1 + share * (lat2 - lat1)];
}

/** The middle vertex of a geometry, where its number is drawn. */
export function middle(geometry) {
  const line = linesOf(geometry)[0];
  return line[Math.floor((line.length - 1) / 2)];
}
