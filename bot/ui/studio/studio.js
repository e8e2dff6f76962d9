// The studio: fragments of the server put in their places. The server escapes all that is in them.
//
//   data-load="URL"   filled when it appears on the page; what is fetched later into it replaces its content
//   data-get="URL"    on a button or a form: fetched when pressed or sent (a form adds its fields to the address)
//   data-post="URL"   on a form: its fields are sent
//   data-into=".css"  where the answer goes: the nearest such element around it, else one in the same card, the same
//                     pane, or the page;
//                     without it the nearest data-load. Anything but a data-load is replaced whole.
//   data-sure="…"     on a button: has to be pressed twice, the second time under this name
//   data-focus        gets the focus when the fragment it stands in is put in place
(() => {
  "use strict";

  const OFFLINE = "网络不太稳定，请您再试一次。";
  const HICCUP = "刚才出了一点问题，请您再试一次。";

  const voice = document.createElement("div"); // read out by screen readers, seen for a moment
  voice.className = "said";
  voice.setAttribute("role", "status");

  let silence = 0;
  function say(text) {
    voice.textContent = text;
    voice.classList.add("seen");
    clearTimeout(silence);
    silence = setTimeout(() => voice.classList.remove("seen"), 5000);
  }

  function complain(where, text) {
    const form = where.closest?.("form, .card, .pane") ?? document.body;
    let alert = form.querySelector(":scope > .trouble");
    if (!alert) {
      alert = document.createElement("p");
      alert.className = "trouble";
      alert.setAttribute("role", "alert");
      const buttons = form.querySelector(":scope > .buttons");
      if (buttons) buttons.before(alert);
      else form.prepend(alert);
    }
    alert.textContent = text;
    alert.scrollIntoView({ block: "nearest" });
  }

  // The answer's text, or null when it failed and the reason has been shown beside `where`.
  async function ask(where, url, options) {
    let answer;
    try {
      answer = await fetch(url, { credentials: "same-origin", ...options });
    } catch (error) {
      if (error.name !== "AbortError") complain(where, OFFLINE); // one that was called off by a later one is no trouble
      return null;
    }
    if (!answer.ok) {
      const said = await answer.json().catch(() => ({}));
      complain(where, said.error || HICCUP);
      return null;
    }
    const words = answer.headers.get("x-say");
    if (words) say(decodeURIComponent(words));
    return answer.text();
  }

  function place(target, html, url) {
    if (target.matches("[data-load]")) {
      target.innerHTML = html;
      if (url) target.dataset.at = url;
      target.removeAttribute("aria-busy");
      target.querySelector(":scope > [data-focus]")?.focus(); // not the buttons of its cards
      return;
    }
    const made = document.createRange().createContextualFragment(html);
    const first = made.firstElementChild;
    target.replaceWith(made);
    (first?.matches("[data-focus]") ? first : first?.querySelector("[data-focus]"))?.focus();
  }

  const targetOf = (element) => {
    const css = element.dataset.into ?? "[data-load]";
    const inside = (around) => element.closest(around)?.querySelector(css);
    return element.closest(css) ?? inside(".card") ?? inside("[data-load]") ?? document.querySelector(css);
  };

  async function load(pane, url) {
    pane.setAttribute("aria-busy", "true");
    const html = await ask(pane, url);
    pane.removeAttribute("aria-busy");
    if (html !== null) place(pane, html, url);
  }

  async function reload(pane) {
    // A form that is open is not taken from under somebody's hands.
    if (pane && !pane.querySelector("form.editing")) await load(pane, pane.dataset.at || pane.dataset.load);
  }

  function sure(button) {
    if (!button?.dataset.sure || button.classList.contains("asked")) return true;
    const name = button.textContent;
    button.classList.add("asked");
    button.textContent = button.dataset.sure;
    setTimeout(() => {
      button.classList.remove("asked");
      button.textContent = name;
    }, 5000);
    return false;
  }

  async function send(form, button) {
    if (!sure(button)) return;
    const target = targetOf(form);
    const fields = new URLSearchParams(new FormData(form, button));
    const post = form.dataset.post !== undefined;
    const url = post ? form.dataset.post : `${form.dataset.get}?${fields}`;
    if (form.getAttribute("aria-busy") === "true") return; // pressed twice
    form.setAttribute("aria-busy", "true");
    const html = await ask(form, url, post ? { method: "POST", body: fields } : undefined);
    form.removeAttribute("aria-busy");
    if (html !== null && target) place(target, html, post ? "" : url);
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.post === undefined && form.dataset.get === undefined) return;
    event.preventDefault();
    send(form, event.submitter);
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-get]");
    if (button) {
      const target = targetOf(button);
      const html = await ask(button, button.dataset.get);
      if (html !== null && target) place(target, html, button.dataset.get);
    }
    if (event.target.closest?.("#sign-out")) {
      await fetch("/sign-out", { method: "POST" });
      location.assign("/sign-in");
    }
    const tab = event.target.closest?.('#tabs [role="tab"]');
    const name = tab?.id.match(/^tab-(.+)-button$/)?.[1];
    if (name) {
      history.replaceState(null, "", `#${name}`);
      // What another tab, or another editor, changed meanwhile is shown when one comes back.
      const pane = document.querySelector(`#pane-${name}`);
      if (pane?.dataset.at) reload(pane);
    }
  });

  // Leaving with something half written asks first, as the browser words it.
  document.addEventListener("input", (event) => event.target.closest?.("form.editing")?.classList.add("touched"));
  addEventListener("beforeunload", (event) => {
    if (document.querySelector("form.editing.touched")) event.preventDefault();
  });

  function fill() {
    for (const frame of document.querySelectorAll(".frame[id^=frame-]:not(:has(> .pane))")) {
      const pane = document.createElement("section"); // ours: Gradio lets no such attributes through
      pane.className = "pane";
      pane.id = frame.id.replace("frame-", "pane-");
      pane.dataset.load = frame.id.replace("frame-", location.pathname.startsWith("/studio") ? "/studio/" : "/desk/");
      frame.replaceChildren(pane);
    }
    for (const pane of document.querySelectorAll("[data-load]:not([data-at]):not([aria-busy])")) load(pane, pane.dataset.load);
  }

  let turned = false;
  function turn() {
    const name = location.hash.slice(1);
    const tab = /^[a-z-]+$/.test(name) && document.querySelector(`#tab-${name}-button`);
    if (turned || !document.querySelector('#tabs [role="tab"]')) return;
    turned = true;
    if (tab) tab.click();
  }

  addEventListener("hashchange", () => {
    turned = false;
    turn();
  });

  document.addEventListener("DOMContentLoaded", () => {
    document.body.append(voice);
    const watch = () => (turn(), fill());
    watch();
    new MutationObserver(watch).observe(document.body, { childList: true, subtree: true });
  });

  window.studio = { ask, say, complain, place, load, reload };
})();
