// What Gradio leaves in English or awkward, mended in the page. No data is read or kept here.
(() => {
  "use strict";

  // Gradio takes its language from the browser; these pages are Chinese whatever the browser is.
  Object.defineProperty(navigator, "language", { get: () => "zh-CN" });
  Object.defineProperty(navigator, "languages", { get: () => ["zh-CN"] });

  const NOTICES = new Map([
    ["Connection to the server was lost. Attempting reconnection...", "与服务器的连接断开了，正在为您重新连接…"],
    ["Connection re-established.", "已经重新连接，您可以继续了。"],
    ["Reconnected to server after connection was lost.", "已经重新连接，您可以继续了。"],
    ["This application is currently busy. Please try again.", "现在使用的人比较多，请您稍等几秒再试。"],
    ["Connection errored out.", "网络不太稳定，请您再试一次。"],
    ["Something went wrong", "刚才出了一点问题，请您再试一次。"],
    ["An unexpected error occurred", "刚才出了一点问题，请您再试一次。"],
    ["Error", "请您留意"],
    ["Warning", "请您留意"],
    ["Info", "提示"],
  ]);
  const LABELS = { "chatbot conversation": "对话", "Clear": "清空", "Close": "关闭" };

  function mend() {
    for (const node of document.querySelectorAll(".toast-title, .toast-text")) {
      const text = NOTICES.get(node.textContent.trim());
      if (text) node.textContent = text;
    }
    for (const node of document.querySelectorAll("[data-testid=bot][aria-label], [data-testid=user][aria-label]")) {
      node.removeAttribute("aria-label"); // it repeats the message as source code
    }
    for (const node of document.querySelectorAll("[aria-label]")) {
      const label = LABELS[node.getAttribute("aria-label")];
      if (label) node.setAttribute("aria-label", label);
    }
  }

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
