// Uploads of the studio: many at once, one after another, each with its progress and its verdict.
(() => {
  "use strict";

  const OUTCOMES = { added: "已收录", replaced: "新版本", same: "没有变化", rejected: "没有收录" };
  const waiting = [];
  let busy = false;

  function line(name) {
    const item = document.createElement("li");
    const title = document.createElement("strong");
    title.textContent = name;
    const state = document.createElement("span");
    state.textContent = "等待中";
    const bar = document.createElement("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", `${name} 的上传进度`);
    item.append(title, bar, state);
    document.querySelector("#uploads")?.append(item);
    return { item, state, bar };
  }

  function finish(shown, kind, lines) {
    shown.bar.remove();
    shown.item.className = kind;
    shown.state.textContent = `${OUTCOMES[kind] ?? "没有成功"}：${lines[0]}`;
    for (const text of lines.slice(1)) {
      const more = document.createElement("p");
      more.className = "warn";
      more.textContent = text;
      shown.item.append(more);
    }
  }

  // Sends one file; resolves when its verdict stands on the page.
  function send(file, address, shown) {
    return new Promise((resolve) => {
      const request = new XMLHttpRequest();
      request.open("PUT", address);
      request.upload.onprogress = (event) => {
        if (!event.lengthComputable) return;
        shown.bar.value = event.loaded / event.total;
        shown.state.textContent = event.loaded < event.total ? `正在上传 ${Math.round((100 * event.loaded) / event.total)}%` : "正在读取…";
      };
      request.onload = () => {
        if (request.status === 401) return location.assign("/sign-in");
        let said = {};
        try {
          said = JSON.parse(request.responseText);
        } catch {
          // the line below says so
        }
        if (request.status === 200) finish(shown, said.outcome, said.lines);
        else finish(shown, "failed", [said.error || "服务器没有接收这个文件，请稍后再试。"]);
        resolve(request.status === 200 && said.outcome !== "rejected");
      };
      request.onerror = request.onabort = () => {
        finish(shown, "failed", ["网络中断，文件没有传完；请重新上传。"]);
        resolve(false);
      };
      request.send(file);
    });
  }

  async function work() {
    if (busy) return;
    busy = true;
    let changed = false;
    while (waiting.length) {
      const { file, audience, shown } = waiting.shift();
      const query = new URLSearchParams({ name: file.name, audience });
      changed = (await send(file, `/studio/files/upload?${query}`, shown)) || changed;
    }
    busy = false;
    if (!changed) return;
    // The list is read anew; the verdicts stay.
    const verdicts = [...document.querySelectorAll("#uploads > li")];
    await window.studio.reload(document.querySelector("#pane-files"));
    document.querySelector("#uploads")?.append(...verdicts);
    window.studio.say("上传完成。");
  }

  function take(files) {
    const box = document.querySelector(".drop");
    const audience = document.querySelector("#f-upload-audience")?.value ?? "auto";
    const most = Number(box?.dataset.most ?? 0);
    for (const file of files) {
      const shown = line(file.name);
      if (most && file.size > most) {
        finish(shown, "failed", [`文件有 ${Math.ceil(file.size / 1048576)} MB，超过 ${most >> 20} MB 的上限；请拆成几个小一些的文件。`]);
      } else {
        waiting.push({ file, audience, shown });
      }
    }
    work();
  }

  document.addEventListener("change", (event) => {
    if (event.target.id !== "upload-files") return;
    take([...event.target.files]);
    event.target.value = "";
  });

  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      const box = event.target.closest?.(".drop");
      if (!box && !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault(); // a file dropped beside the box must not replace the page
      box?.classList.toggle("over", name === "dragover");
      if (name === "drop" && box) take([...event.dataTransfer.files]);
    });
  }

  addEventListener("beforeunload", (event) => {
    if (busy) event.preventDefault();
  });
})();
