// A table of questions is sent for a trial when it is chosen; what it would change is shown, and waits for a yes.
(() => {
  "use strict";

  document.addEventListener("change", async (event) => {
    const input = event.target;
    if (input.id !== "import-file" || !input.files.length) return;
    const file = input.files[0];
    const { ask, place, say } = window.studio;
    say(`正在读取“${file.name}”…`);
    const html = await ask(input, `/studio/faq/import?${new URLSearchParams({ name: file.name })}`, { method: "PUT", body: file });
    const result = document.querySelector("#import-result");
    if (html !== null && result) place(result, html);
    input.value = "";
  });
})();
