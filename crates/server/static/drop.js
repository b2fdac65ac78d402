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
  const FINAL = new Set(["indexed", "quarantined", "discarded", "deleted"]);

  const waiting = [];
  const followed = new Set();
  const asked = new Set();
  // What to do with every file that is there already, once somebody has said it for all.
  let rule = null;
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
    return { item, name, bar, state, more };
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

  // A file of that name is there already: nothing is replaced in silence.
  const ask = (task) => {
    if (rule) {
      settle(task, rule);
      return;
    }
    asked.add(task);
    say(task.view, "attention", words.exists);
    task.view.bar.hidden = true;
    const choices = element("fieldset", "choices");
    choices.append(element("legend", "hidden", words.exists));
    const all = element("input");
    all.type = "checkbox";
    for (const choice of ["replace", "both", "skip"]) {
      const button = element("button", choice === "replace" ? "danger" : "", words[choice]);
      button.type = "button";
      button.addEventListener("click", () => {
        if (all.checked) {
          rule = choice;
          [...asked].forEach((other) => settle(other, choice));
        } else {
          settle(task, choice);
        }
        next();
      });
      choices.append(button);
    }
    const label = element("label", "faint");
    label.append(all, " ", words.all);
    choices.append(label);
    task.choices = choices;
    task.view.item.append(choices);
  };

  const settle = (task, choice) => {
    asked.delete(task);
    if (task.choices) {
      task.choices.remove();
      task.choices = null;
    }
    if (choice === "skip") {
      say(task.view, "", words.skipped);
      task.view.bar.hidden = true;
      return;
    }
    task.choice = choice;
    if (choice === "both") {
      task.copy += 1;
    }
    task.view.bar.hidden = false;
    say(task.view, "", words.waiting);
    waiting.push(task);
  };

  // `a/report.hwp` becomes `a/report (2).hwp`.
  const numbered = (path, n) => {
    const [, folder, name] = /^(.*\/)?([^/]*)$/.exec(path);
    const dot = name.lastIndexOf(".");
    const [stem, end] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    return `${folder || ""}${stem} (${n})${end}`;
  };

  const encode = (path) => path.split("/").map(encodeURIComponent).join("/");

  const problem = (request) => {
    try {
      const said = JSON.parse(request.responseText);
      return (words.locale === "ko" && said.detail_ko) || said.detail || request.statusText;
    } catch {
      return request.statusText || words.lost;
    }
  };

  const send = (task) => {
    const { file, target, view } = task;
    const path = task.choice === "both" ? numbered(task.path, task.copy) : task.path;
    if (file.size > most) {
      fail(task, words.tooLarge);
      next();
      return;
    }
    sending += 1;
    say(view, "", words.sending);
    const request = new XMLHttpRequest();
    request.open("PUT", `/v1/drop/${encodeURIComponent(target)}/${encode(path)}`);
    if (task.choice !== "replace") {
      request.setRequestHeader("If-None-Match", "*");
    }
    view.name.textContent = path;
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
      } else if (request.status === 412 && task.choice === "both" && task.copy < 1000) {
        settle(task, "both");
      } else if (request.status === 412) {
        ask(task);
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
    window.setTimeout(() => look(one), one.wait);
  };

  const look = async (one) => {
    let receipt = null;
    try {
      const answer = await fetch(one.receipt, { headers: { accept: "application/json" } });
      receipt = answer.ok ? await answer.json() : null;
    } catch {
      receipt = null;
    }
    if (receipt) {
      const tell = (sentence) => (sentence ? sentence[words.locale] || sentence.en : "");
      const bad = ["quarantined", "discarded", "deleted"].includes(receipt.state);
      const good = receipt.outcome === null || receipt.outcome === "ok";
      const more = [tell(receipt.outcome_sentence), tell(receipt.advice), tell(receipt.estimate)];
      const colour = bad ? "warn" : good ? receipt.state : "attention";
      say(one.view, colour, tell(receipt.sentence), more.filter(Boolean).join(" "));
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
    window.setTimeout(() => look(one), one.wait);
  };

  const take = (file, path) => {
    total += 1;
    waiting.push({ file, path, target: pipeline.value, view: line(path), choice: null, copy: 1 });
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
    if (sending > 0 || waiting.length > 0 || asked.size > 0) {
      event.preventDefault();
    }
  });
})();
