// GCJ-02, the datum Chinese navigation apps expect: the published formula, for the hand-off only.

// Krasovsky 1940, on which the published formula is written.
const AXIS_M = 6378245.0;
const ECCENTRICITY_2 = 0.00669342162296594323;
// Outside this rectangle (the one all published implementations use) nothing is shifted.
const [WEST, EAST, SOUTH, NORTH] = [72.004, 137.8347, 0.8293, 55.8271];
const { PI, abs, sin, cos, sqrt } = Math;

const waves = (value, [slow, slower]) => 20 * sin(value * PI) + 40 * sin((value * PI) / 3)
  + slow * sin((value * PI) / 12) + slower * sin((value * PI) / 30);

/** Return [lon, lat] of GCJ-02 for a stored place (CGCS2000, as WGS-84); unshifted outside China. */
export function gcj02([lon, lat]) {
  if (lon < WEST || lon > EAST || lat < SOUTH || lat > NORTH) return [lon, lat];
  const [x, y] = [lon - 105, lat - 35];
  const ripple = ((20 * sin(6 * PI * x) + 20 * sin(2 * PI * x)) * 2) / 3;
  const root = sqrt(abs(x));
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    + ripple + (waves(x, [150, 300]) * 2) / 3;
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    + ripple + (waves(y, [160, 320]) * 2) / 3;
  const radians = (lat * PI) / 180;
  const curve = 1 - ECCENTRICITY_2 * sin(radians) ** 2;
  const prime = (AXIS_M / sqrt(curve)) * cos(radians);
  const meridian = (AXIS_M * (1 - ECCENTRICITY_2)) / curve ** 1.5;
  return [lon + ((east / prime) * 180) / PI, lat + ((north / meridian) * 180) / PI];
}
