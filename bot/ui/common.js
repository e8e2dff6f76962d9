// What Gradio leaves in English or awkward, mended in the page. No data is read or kept here.
(() => {
  "use strict";

  // Gradio takes its language from the browser; these pages are Chinese whatever the browser is.
  Object.defineProperty(navigator, "language", { get: () => "zh-CN" });
  Object.defineProperty(navigator, "languages", { get: () => ["zh-CN"] });

  const HAN = /[\u4e00-\u9fff]/;
  const LABELS = { "chatbot conversation": "对话", "Clear": "清空", "Close": "关闭" };

  function mend() {
    // Our own notices are Chinese; what is not comes from Gradio itself.
    for (const node of document.querySelectorAll(".toast-title")) {
      if (!HAN.test(node.textContent)) node.textContent = "请您留意";
    }
    for (const node of document.querySelectorAll("[data-testid=toast-text]")) {
      if (HAN.test(node.textContent)) continue;
      node.textContent = /connection|reconnect/i.test(node.textContent)
        ? "与服务器的连接断开了，正在为您重新连接…"
        : HICCUP;
    }
    for (const node of document.querySelectorAll("[data-testid=bot][aria-label], [data-testid=user][aria-label]")) {
      node.removeAttribute("aria-label"); // it repeats the message as source code
    }
    for (const node of document.querySelectorAll("[aria-label]")) {
      const label = LABELS[node.getAttribute("aria-label")];
      if (label) node.setAttribute("aria-label", label);
    }
  }

  // Gradio 6.31 shows no notice when an event outside its queue fails, so we do.
  const HICCUP = "刚才出了一点问题，请您再试一次。";

  function tell(text) {
    document.querySelector(".notice-bar")?.remove();
    const bar = document.createElement("div");
    bar.className = "notice-bar";
    bar.setAttribute("role", "alert");
    bar.textContent = text;
    document.body.append(bar);
    setTimeout(() => bar.remove(), 8000);
  }

  const send = window.fetch.bind(window);
  window.fetch = async (target, options) => {
    const own = String(target?.url ?? target).includes("/gradio_api/run/");
    try {
      const answer = await send(target, options);
      if (own && !answer.ok) {
        const said = await answer.clone().json().catch(() => ({}));
        tell(said.error || HICCUP);
      }
      return answer;
    } catch (error) {
      if (own) tell("网络不太稳定，请您再试一次。");
      throw error;
    }
  };

  // A source opens over the page, at its place; without this script the link opens in a new tab.
  function openSource(link) {
    const dialog = document.createElement("dialog");
    dialog.className = "source-sheet";
    dialog.setAttribute("aria-label", "来源");
    const bar = document.createElement("div");
    const title = document.createElement("strong");
    title.textContent = "来源";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "关闭";
    const frame = document.createElement("iframe");
    frame.title = link.textContent;
    frame.src = link.href;
    bar.append(title, close);
    dialog.append(bar, frame);
    document.body.append(dialog);
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    dialog.showModal();
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a.source");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openSource(link);
  });

  document.addEventListener("DOMContentLoaded", () => {
    mend();
    new MutationObserver(mend).observe(document.body, { childList: true, subtree: true });
  });
})();
