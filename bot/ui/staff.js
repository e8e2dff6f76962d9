// The agents' page: what is typed is looked up, a reply is written, checked and copied. What is put on the page comes from
// the server, which escapes it. window.studio (studio.js) fetches and shows what went wrong.
(() => {
  "use strict";

  const at = (css) => document.querySelector(css);
  const question = () => at("#question textarea, #question input");
  const reply = () => at("#reply textarea");

  // Gradio keeps the value of a field itself and must be told of a change.
  function write(box, words) {
    box.value = words;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // A place of ours inside a Markdown of Gradio's, which would wipe it with its next value; these never get one.
  function place(name) {
    const frame = at(`#${name}`);
    if (!frame) return null;
    let inside = frame.querySelector(":scope > .filled");
    if (!inside) {
      inside = document.createElement("div");
      inside.className = "filled";
      if (name === "found" || name === "findings") inside.setAttribute("aria-live", "polite");
      frame.replaceChildren(inside);
    }
    return inside;
  }

  const fields = (values) => ({ method: "POST", body: new URLSearchParams(values) });

  // Asks for what `box` holds a moment after the last key; an older answer never overwrites a newer one.
  function follower(box, address, name, pause) {
    let timer = 0;
    let running = null;
    return () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        running?.abort();
        const mine = (running = new AbortController());
        const words = box().value;
        if (!words.trim()) {
          place(name).replaceChildren();
          if (name === "found") atHand();
          return;
        }
        try {
          const html = await studio.ask(place(name), address, { ...fields({ text: words }), signal: mine.signal });
          if (html !== null && !mine.signal.aborted) place(name).innerHTML = html;
        } catch (error) {
          if (error.name !== "AbortError") throw error;
        }
      }, pause);
    };
  }

  const lookUp = follower(question, "/desk/look-up", "found", 30);
  const check = follower(reply, "/desk/check", "findings", 250);

  async function atHand() {
    const html = await studio.ask(place("found"), "/desk/at-hand");
    if (html !== null && !question().value.trim()) place("found").innerHTML = html;
  }

  async function scripts() {
    const html = await studio.ask(place("scripts"), "/desk/scripts");
    if (html !== null) place("scripts").innerHTML = html;
  }

  let writing = false;
  async function ready() {
    const words = question().value;
    if (writing || !words.trim()) return;
    writing = true;
    at("#write").setAttribute("aria-busy", "true");
    const said = await studio.ask(place("judged"), "/desk/reply", fields({ text: words }));
    writing = false;
    at("#write").removeAttribute("aria-busy");
    if (said === null) return;
    const { text, html } = JSON.parse(said);
    place("judged").innerHTML = html;
    write(reply(), text);
  }

  async function copy() {
    const box = reply();
    if (!box?.value) return;
    try {
      await navigator.clipboard.writeText(box.value);
    } catch {
      box.select(); // no clipboard outside https and localhost
      document.execCommand("copy");
    }
    const button = at("#copy");
    button.textContent = "已复制";
    setTimeout(() => (button.textContent = "复制回复"), 1500);
    studio.say("回复已复制");
  }

  function say(words, add) {
    const box = reply();
    const before = add ? box.value.trimEnd() : "";
    write(box, before ? `${before}\n${words}` : words);
  }

  async function star(button) {
    const on = button.getAttribute("aria-pressed") !== "true";
    const entry = button.closest("[data-entry]").dataset.entry;
    const html = await studio.ask(button, "/desk/favourite", fields({ entry, on }));
    if (html === null) return;
    button.setAttribute("aria-pressed", String(on));
    button.firstChild.textContent = on ? "★" : "☆";
    studio.say(on ? "已收藏" : "已取消收藏");
    if (!question().value.trim()) place("found").innerHTML = html;
  }

  async function report(button) {
    const entry = button.closest("[data-entry]")?.dataset.entry ?? "";
    const note = button.parentElement.querySelector("input.note");
    const answer = await studio.ask(
      button, "/desk/report", fields({ kind: button.dataset.kind, text: question().value, entry, note: note?.value ?? "" })
    );
    if (answer === null) return;
    studio.say(JSON.parse(answer).said);
    if (note) {
      note.remove();
      button.textContent = "已告诉编辑";
      button.disabled = true;
      return;
    }
    const box = document.createElement("input");
    box.className = "note";
    box.maxLength = 300;
    box.placeholder = "已告诉编辑。可补充一句哪里不对";
    box.setAttribute("aria-label", "补充说明");
    button.before(box);
    button.textContent = "补充";
    box.focus();
  }

  function accept(button) {
    const box = reply();
    const { start, end, words } = button.dataset;
    write(box, box.value.slice(0, Number(start)) + words + box.value.slice(Number(end)));
  }

  document.addEventListener("click", (event) => {
    const hit = (css) => event.target.closest?.(css);
    let button;
    if (hit("#copy")) copy();
    else if (hit("#write")) ready();
    else if ((button = hit("button.use"))) say(button.dataset.words, false);
    else if ((button = hit("button.say"))) say(button.dataset.words, true);
    else if ((button = hit("button.accept"))) accept(button);
    else if ((button = hit("button.star"))) star(button);
    else if ((button = hit("button.report"))) report(button);
    else if ((button = hit("button.again"))) write(question(), button.textContent);
  });

  document.addEventListener("input", (event) => {
    if (event.target === question()) lookUp();
    if (event.target === reply()) check();
  });

  document.addEventListener("paste", (event) => {
    if (event.target === question()) setTimeout(ready, 0); // a customer's whole message: its reply is wanted at once
  });

  const hits = () => [...document.querySelectorAll("#found .hit")];

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Chinese is being typed
    const box = question();
    const typing = event.target.closest?.("input, textarea, select");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      box?.focus();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      copy();
      return;
    }
    if (event.key === "Enter" && event.target === box && !event.shiftKey) {
      event.preventDefault();
      event.stopPropagation();
      ready();
    }
    const here = hits().indexOf(event.target);
    if (event.key === "Enter" && here >= 0) event.target.querySelector("button.use")?.click();
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && (here >= 0 || (event.target === box && !box.value.includes("\n")))) {
      const next = here + step;
      if (next < 0) box.focus();
      else hits()[next]?.focus();
      event.preventDefault();
    }
  }, true);

  let begun = false;
  function begin() {
    if (begun || !at("#found") || !at("#scripts") || !question()) return;
    begun = true;
    for (const name of ["judged", "findings"]) place(name);
    atHand();
    scripts();
  }

  document.addEventListener("DOMContentLoaded", () => {
    begin();
    new MutationObserver(begin).observe(document.body, { childList: true, subtree: true });
  });
})();
