// The way to a stop, handed to the tablet's navigation app: by a tap only, never by itself.

import { dayTexts, el } from "./dom.js";
import { gcj02 } from "./datum.js";

const DIGITS = 6; // a decimetre
const SOURCE = "grid-patrol";
const isApple = /iPad|iPhone|Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1;

const query = (facts) => Object.entries(facts)
  .map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");

/** The apps' links to a stored place [lon, lat]; each gets the datum it reads. */
export function links(place, name, { apple = isApple } = {}) {
  const [lon, lat] = gcj02(place).map((value) => value.toFixed(DIGITS));
  const [lonStored, latStored] = place.map((value) => value.toFixed(DIGITS));
  const amap = query({ sourceApplication: SOURCE, dlat: lat, dlon: lon, dname: name, dev: 0, t: 0 });
  // Where the app is not installed, its own page takes the same place.
  const web = `https://uri.amap.com/navigation?${query({ to: `${lon},${lat},${name}`, coordinate: "gaode" })}`;
  const baidu = query({
    destination: `latlng:${lat},${lon}|name:${name}`, coord_type: "gcj02", mode: "driving", src: SOURCE,
  });
  return [
    { app: "amap", href: apple ? `iosamap://path?${amap}`
      : `intent://route/plan/?${amap}#Intent;scheme=amapuri;package=com.autonavi.minimap;`
        + `S.browser_fallback_url=${encodeURIComponent(web)};end` },
    { app: "baidu", href: `${apple ? "baidumap" : "bdapp"}://map/direction?${baidu}` },
    { app: "geo", href: `geo:${latStored},${lonStored}?q=${latStored},${lonStored}(${encodeURIComponent(name)})` },
  ];
}

/** Buttons that hand a place over, or nothing where the county switched it off. */
export function navigationLinks(place, name, policies) {
  if (policies.navigation_hand_off === 0) return [];
  return links(place, name).map(({ app, href }) =>
    el("a", { class: "action", href, "data-app": app, rel: "noreferrer" }, dayTexts.navigate[app]));
}
