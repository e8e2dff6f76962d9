// One line of script in a shop's page: a button, and behind it our page in a panel. See docs/embedding.md.
(() => {
  "use strict";
  const script = document.currentScript;
  if (window.Zhanggui || !script) return;

  const home = new URL(script.src).origin;
  const { colour = "", label = "", position } = script.dataset;
  const paint = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.test(colour) ? colour : "#1a6b4f";
  const name = label.trim() && label.trim().length <= 12 ? label.trim() : "在线客服";
  const side = position === "left" ? "left" : "right";
  const phone = matchMedia("(max-width: 480px), (max-height: 480px)");
  // No style sheet: the shop's Content-Security-Policy might refuse it.
  const FRONT = "all:initial;position:fixed;z-index:2147483000;box-sizing:border-box;font:16px/1.4 system-ui,sans-serif;";
  const BUTTON = `background:${paint};color:${onPaint()};cursor:pointer;`;

  function onPaint() {
    const hex = paint.length === 4 ? paint.slice(1).replace(/./g, "$&$&") : paint.slice(1);
    const [r, g, b] = [0, 2, 4].map((at) => (parseInt(hex.slice(at, at + 2), 16) / 255) ** 2.2);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff";
  }

  function make(tag, style, attributes) {
    const node = document.createElement(tag);
    node.style.cssText = style;
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  }

  function ring(node) {
    node.addEventListener("focus", () => node.matches(":focus-visible") && (node.style.outline = "3px solid #1b6ef3"));
    node.addEventListener("blur", () => (node.style.outline = ""));
    return node;
  }

  const button = ring(make(
    "button",
    `${FRONT}${BUTTON}${side}:20px;bottom:calc(20px + env(safe-area-inset-bottom,0px));min-height:48px;padding:0 20px;` +
      "border-radius:24px;box-shadow:0 4px 16px rgba(0,0,0,.25);",
    { type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", id: "zhanggui-button" },
  ));
  button.textContent = name;

  let panel, frame;

  function visitor() {
    const bytes = crypto.getRandomValues(new Uint8Array(32));
    const fresh = btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").slice(0, 43);
    try {
      return (localStorage["zhanggui-visitor"] ||= fresh);
    } catch {
      return fresh;
    }
  }

  function build() {
    panel = make("div", "", { role: "dialog", "aria-label": name, id: "zhanggui-panel" });
    const bar = make("div", `all:initial;display:flex;align-items:center;justify-content:space-between;${BUTTON}` +
      "flex:none;height:44px;padding-left:16px;cursor:default;font:16px/1.4 system-ui,sans-serif;", {});
    const title = make("span", "all:initial;color:inherit;font:inherit;", {});
    title.textContent = name;
    const shut = ring(make("button", `all:initial;${BUTTON}width:44px;height:44px;text-align:center;font:22px/44px ` +
      "system-ui,sans-serif;outline-offset:-4px;", { type: "button", "aria-label": "关闭" + name }));
    shut.textContent = "×";
    shut.addEventListener("click", close);
    // Never sent to a server: who may be told of Esc, and which visitor this is.
    frame = make("iframe", "all:initial;display:block;flex:1;width:100%;min-height:0;border:0;background:#fff;", {
      title: name, src: `${home}/#from=${encodeURIComponent(location.origin)}&visitor=${visitor()}`,
    });
    frame.addEventListener("load", () => panel.isConnected && shown() && frame.focus());
    bar.append(title, shut);
    panel.append(bar, frame);
    document.body.append(panel);
  }

  const shown = () => panel !== undefined && panel.style.display !== "none";

  function lay() {
    const place = phone.matches
      ? "inset:0;width:100%;height:100%;"
      : `${side}:20px;bottom:20px;width:400px;height:min(680px,calc(100vh - 40px));border-radius:14px;` +
        "overflow:hidden;box-shadow:0 8px 40px rgba(0,0,0,.3);";
    panel.style.cssText = `${FRONT}display:flex;flex-direction:column;background:#fff;${place}`;
  }

  function open() {
    if (shown()) return;
    if (!panel) build();
    lay();
    button.style.display = "none";
    button.setAttribute("aria-expanded", "true");
    frame.focus();
  }

  function close() {
    if (!shown()) return;
    panel.style.display = "none";
    button.style.display = "";
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }

  button.addEventListener("click", open);
  phone.addEventListener("change", () => shown() && lay());
  document.addEventListener("keydown", (event) => event.key === "Escape" && close());
  window.addEventListener("message", (event) => {
    if (event.origin === home && event.source === frame?.contentWindow && event.data === "zhanggui:close") close();
  });
  document.body.append(button);
  window.Zhanggui = Object.freeze({ open, close });
})();
