// Our page inside another site's page: browsers keep cookies and storage back there, so the visitor is known by an id
// that the embedding page keeps and hands over in the fragment.
(() => {
  "use strict";
  if (window === window.top) return;

  // From embed.js, which only sites in frame_ancestors can use to frame us; opened on its own, the page reads nothing.
  const told = new URLSearchParams(location.hash.slice(1));
  let visitor = told.get("visitor") ?? "";
  if (!/^[\w-]{43}$/.test(visitor)) {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    visitor = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 43);
  }

  const send = window.fetch.bind(window);
  window.fetch = (target, options = {}) => {
    const url = new URL(target?.url ?? target, location.href);
    if (url.origin !== location.origin || !url.pathname.startsWith("/gradio_api/")) return send(target, options);
    const headers = new Headers(options.headers ?? target?.headers);
    headers.set("X-Visitor", visitor);
    return send(target, { ...options, headers });
  };

  // Esc closes the panel, unless it closes something in here. Said to nobody but the page that framed us: if the
  // fragment names another, the browser drops the message.
  const from = told.get("from");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (/^https?:\/\/[^/]+$/.test(from ?? "")) window.parent.postMessage("zhanggui:close", from);
  });
})();
