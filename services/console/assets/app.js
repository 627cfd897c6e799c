// What the pages do beyond HTML: the theme button, the token from a login link, and
// fetching news. Nothing here is needed to read or to order.
(() => {
  "use strict";
  const root = document.documentElement;
  document.getElementById("theme")?.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    try { localStorage.setItem("mirador-theme", root.dataset.theme); } catch { /* for this page only */ }
    document.dispatchEvent(new Event("mirador:theme"));
  });

  // A login link carries the token behind #: browsers do not send that to servers.
  const token = document.getElementById("token");
  if (token && location.hash.startsWith("#token=")) {
    token.value = decodeURIComponent(location.hash.slice(7));
    history.replaceState(null, "", location.pathname + location.search);
  }

  // Every few seconds the page is fetched again, and the parts marked as live are
  // put in place of the old ones; unless somebody is at work in them.
  const every = Number(document.body.dataset.refresh || 0);
  const says = document.querySelector("#live .says"), dot = document.querySelector("#live .dot");
  let running = false;
  const busy = (node) => node.contains(document.activeElement) && document.activeElement !== document.body || node.querySelector("details[open].do");
  async function refresh() {
    if (running || document.hidden) return;
    running = true;
    try {
      const answer = await fetch(location.href);
      if (new URL(answer.url).pathname === "/login") { location.reload(); return; }
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const trouble = fresh.getElementById("problem");
      if (document.getElementById("problem")) { if (!trouble) location.reload(); return; }
      if (trouble) { tell("bad", trouble.querySelector("h1").textContent + ". Shown is the last answer."); return; }
      for (const node of document.querySelectorAll("[data-live]")) {
        const next = fresh.getElementById(node.id);
        if (!next || busy(node) || next.outerHTML === node.dataset.was) continue;
        const text = next.outerHTML;
        node.querySelectorAll("details[open][id]").forEach((d) => next.querySelector("#" + CSS.escape(d.id))?.setAttribute("open", ""));
        // A chart keeps its canvas and gets new numbers: else it would blink.
        next.querySelectorAll("[data-chart]").forEach((n) => {
          const old = document.getElementById(n.id);
          if (old) { old.dataset.chart = n.dataset.chart; n.replaceWith(old); }
        });
        node.replaceWith(next);
        next.dataset.was = text;
      }
      document.dispatchEvent(new Event("mirador:fresh"));
      tell("ok", `Refreshed every ${every} s`);
    } catch {
      tell("bad", "The console does not answer. Shown is its last answer.");
    } finally { running = false; }
  }
  function tell(state, text) { if (!says) return; dot.className = "dot " + state; if (says.textContent !== text) says.textContent = text; }
  if (every > 0) setInterval(refresh, every * 1000);
  document.addEventListener("visibilitychange", () => { if (every > 0 && !document.hidden) refresh(); });
})();
