// Fills in where the device is, with how exactly it knows; the person can still type.

const DIGITS = 6;

function fill(place, coords) {
  place.querySelector('[name="lon"]').value = coords.longitude.toFixed(DIGITS);
  place.querySelector('[name="lat"]').value = coords.latitude.toFixed(DIGITS);
  const said = place.querySelector("output");
  said.className = "";
  said.textContent = `${place.dataset.done} ${Math.round(coords.accuracy)} m`;
}

function fail(place) {
  const said = place.querySelector("output");
  said.className = "failed";
  said.textContent = place.dataset.failed;
}

for (const place of document.querySelectorAll(".position")) {
  place.querySelector("button").addEventListener("click", () => {
    if (!navigator.geolocation) {
      fail(place);
      return;
    }
    navigator.geolocation.getCurrentPosition(
      (position) => fill(place, position.coords),
      () => fail(place),
      { enableHighAccuracy: true, timeout: 20000 },
    );
  });
}
