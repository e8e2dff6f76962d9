// The staff page: sign out, copy by button or keyboard, and "/" to search.
(() => {
  "use strict";

  async function copyReply(button) {
    const box = document.querySelector("#reply textarea");
    if (!box || !box.value) return;
    try {
      await navigator.clipboard.writeText(box.value);
    } catch {
      box.select(); // no clipboard outside https and localhost
      document.execCommand("copy");
    }
    button.textContent = "已复制";
    setTimeout(() => (button.textContent = "复制回复"), 1500);
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest?.("#copy")) copyReply(event.target.closest("#copy"));
    if (event.target.closest?.("#sign-out")) {
      await fetch("/sign-out", { method: "POST" });
      location.assign("/sign-in");
    }
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea");
    if (event.key === "/" && !typing) {
      event.preventDefault();
      document.querySelector("#question textarea, #question input")?.focus();
    }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const button = document.querySelector("#copy");
      if (button) copyReply(button);
    }
  });
})();
