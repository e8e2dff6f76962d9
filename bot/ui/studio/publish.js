// A fragment with data-poll is fetched anew every second while it stands on a page that is seen.
(() => {
  "use strict";

  let last = "";
  setInterval(async () => {
    const shown = document.querySelector("[data-poll]");
    if (!shown || document.hidden || shown.querySelector("form[aria-busy], button.asked")) return;
    const answer = await fetch(shown.dataset.poll).catch(() => null);
    if (!answer?.ok) return;
    const html = await answer.text();
    if (html === last && shown.isConnected) return;
    last = html;
    if (shown.isConnected && !shown.querySelector("button.asked")) window.studio.place(shown, html);
  }, 1000);
})();
