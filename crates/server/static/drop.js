// Sends files one after another and follows their receipts. Names and sentences are only ever text.
"use strict";

(() => {
  const page = document.getElementById("drop");
  if (!page) {
    return;
  }
  const words = page.dataset;
  const zone = document.getElementById("zone");
  const list = document.getElementById("receipts");
  const summary = document.getElementById("summary");
  const pipeline = document.getElementById("pipeline");
  const most = Number(words.most);
  const SENDERS = 3;
  const FINAL = new Set(["indexed", "quarantined", "deleted"]);

  const waiting = [];
  const followed = new Set();
  let sending = 0;
  let sent = 0;
  let total = 0;

  const element = (name, className, text) => {
    const made = document.createElement(name);
    if (className) {
      made.className = className;
    }
    if (text !== undefined) {
      made.textContent = text;
    }
    return made;
  };

  const count = () => {
    summary.textContent = total === 0 ? "" : `${sent} / ${total}`;
  };

  const line = (path) => {
    const item = element("li", "receipt");
    const name = element("bdi", "path", path);
    const bar = element("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", path);
    const state = element("span", "state", words.waiting);
    const more = element("p", "faint");
    item.append(name, bar, state, more);
    list.prepend(item);
    return { item, bar, state, more };
  };

  const say = (view, className, text, more) => {
    view.state.className = "state " + className;
    view.state.textContent = text;
    view.more.textContent = more || "";
  };

  const fail = (task, text) => {
    say(task.view, "warn", words.failed, text);
    task.view.bar.hidden = true;
    const again = element("button", "", words.retry);
    again.type = "button";
    again.addEventListener("click", () => {
      again.remove();
      task.view.bar.hidden = false;
      waiting.push(task);
      next();
    });
    task.view.item.append(again);
  };

  const encode = (path) => path.split("/").map(encodeURIComponent).join("/");

  const problem = (request) => {
    try {
      const said = JSON.parse(request.responseText);
      return (words.tongue === "ko" && said.detail_ko) || said.detail || request.statusText;
    } catch {
      return request.statusText || words.lost;
    }
  };

  const send = (task) => {
    const { file, path, target, view } = task;
    if (file.size > most) {
      fail(task, words.tooLarge);
      next();
      return;
    }
    sending += 1;
    say(view, "", words.sending);
    const request = new XMLHttpRequest();
    request.open("PUT", `/v1/drop/${encodeURIComponent(target)}/${encode(path)}`);
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) {
        view.bar.value = event.loaded / event.total;
      }
    });
    request.addEventListener("loadend", () => {
      sending -= 1;
      if (request.status === 200 || request.status === 201) {
        sent += 1;
        view.bar.value = 1;
        view.bar.hidden = true;
        follow({ receipt: JSON.parse(request.responseText).receipt, view, wait: 500 });
      } else {
        fail(task, problem(request));
      }
      count();
      next();
    });
    request.send(file);
  };

  const next = () => {
    while (sending < SENDERS && waiting.length > 0) {
      send(waiting.shift());
    }
  };

  const follow = (one) => {
    followed.add(one);
    window.setTimeout(() => ask(one), one.wait);
  };

  const ask = async (one) => {
    let receipt = null;
    try {
      const answer = await fetch(one.receipt, { headers: { accept: "application/json" } });
      receipt = answer.ok ? await answer.json() : null;
    } catch {
      receipt = null;
    }
    if (receipt) {
      const tell = (sentence) => (sentence ? sentence[words.tongue] || sentence.en : "");
      const bad = receipt.state === "quarantined" || receipt.state === "deleted";
      const more = [tell(receipt.outcome_sentence), tell(receipt.advice)].filter(Boolean);
      say(one.view, bad ? "warn" : receipt.state, tell(receipt.sentence), more.join(" "));
      if (FINAL.has(receipt.state)) {
        followed.delete(one);
        if (receipt.document && !bad) {
          const link = element("a", "", words.open);
          link.href = receipt.document;
          one.view.item.append(link);
        }
        return;
      }
    }
    one.wait = Math.min(one.wait * 1.5, 10000);
    window.setTimeout(() => ask(one), one.wait);
  };

  const take = (file, path) => {
    total += 1;
    waiting.push({ file, path, target: pipeline.value, view: line(path) });
  };

  const takeInput = (event) => {
    for (const file of event.target.files) {
      take(file, file.webkitRelativePath || file.name);
    }
    event.target.value = "";
    count();
    next();
  };

  // A dropped folder is walked with a list instead of recursion: how deep it is, is not ours to trust.
  const walk = async (roots) => {
    const open = [...roots];
    while (open.length > 0) {
      const entry = open.pop();
      if (entry.isFile) {
        const file = await new Promise((done, failed) => entry.file(done, failed));
        take(file, entry.fullPath.replace(/^\/+/, ""));
      } else if (entry.isDirectory) {
        const reader = entry.createReader();
        for (;;) {
          const some = await new Promise((done, failed) => reader.readEntries(done, failed));
          if (some.length === 0) {
            break;
          }
          open.push(...some);
        }
      }
    }
    count();
    next();
  };

  document.getElementById("files").addEventListener("change", takeInput);
  document.getElementById("folder").addEventListener("change", takeInput);
  for (const name of ["dragenter", "dragover"]) {
    zone.addEventListener(name, (event) => {
      event.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", () => zone.classList.remove("over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const entries = [...event.dataTransfer.items]
      .map((item) => (item.webkitGetAsEntry ? item.webkitGetAsEntry() : null))
      .filter(Boolean);
    walk(entries).catch((error) => {
      summary.textContent = error.message;
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (sending > 0 || waiting.length > 0) {
      event.preventDefault();
    }
  });
})();
