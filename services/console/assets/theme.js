// Loaded before the page is painted: a theme that was chosen by hand must not flash.
(() => {
  "use strict";
  try {
    const chosen = localStorage.getItem("mirador-theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch { /* storage is off: the system's theme stays */ }
})();
