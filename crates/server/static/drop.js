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
  const FINAL = new Set(["indexed", "described", "quarantined", "discarded", "deleted"]);

  const waiting = [];
  const followed = new Set();
  const asked = new Set();
  let sending = 0;
  let total = 0;
  // How many ended in which way, in the order in which they are told.
  const ends = { sent: 0, skipped: 0, leftOut: 0, failed: 0 };

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
    const told = ["skipped", "leftOut", "failed"]
      .filter((end) => ends[end] > 0)
      .map((end) => ` · ${words[end]} ${ends[end]}`);
    summary.textContent = total === 0 ? "" : `${ends.sent} / ${total}${told.join("")}`;
  };

  // A file ends in one way at a time, or in none while it goes on.
  const end = (task, how) => {
    if (task.end) {
      ends[task.end] -= 1;
    }
    task.end = how;
    if (how) {
      ends[how] += 1;
      task.view.bar.hidden = true;
    }
    count();
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

  const fail = (task, text, mayHelp) => {
    say(task.view, "warn", words.failed, text);
    end(task, "failed");
    if (!mayHelp) {
      return;
    }
    const again = element("button", "", words.retry);
    again.type = "button";
    again.addEventListener("click", () => {
      again.remove();
      end(task, null);
      task.view.bar.hidden = false;
      waiting.push(task);
      next();
    });
    task.view.item.append(again);
  };

  // Beside this page: what was chosen stays here, to be sent again.
  const signIn = () => {
    const link = element("a", "", words.signIn);
    link.href = "/sign-in?next=%2Fdrop";
    link.target = "_blank";
    link.rel = "noopener";
    return link;
  };

  // A file of that name is there already: nothing is replaced in silence.
  const ask = (task) => {
    if (task.batch.rule) {
      settle(task, task.batch.rule);
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
          task.batch.rule = choice;
          [...asked]
            .filter((other) => other.batch === task.batch)
            .forEach((other) => settle(other, choice));
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
      end(task, "skipped");
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
      const text = (words.locale === "ko" && said.detail_ko) || said.detail || request.statusText;
      return { kind: (said.type || "").split(":").pop(), text };
    } catch {
      return { kind: "", text: request.statusText || words.lost };
    }
  };

  // Whether the same again can end otherwise: what is refused for its name or its size stays refused.
  const mayHelp = (status, kind) =>
    ![400, 404, 405, 409, 413, 414, 422].includes(status) || kind === "broken-off";

  const send = (task) => {
    const { file, view } = task;
    const { target } = task.batch;
    const path = task.choice === "both" ? numbered(task.path, task.copy) : task.path;
    if (file.size > most) {
      fail(task, words.tooLarge, false);
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
      if ([200, 201, 202].includes(request.status)) {
        view.bar.value = 1;
        end(task, "sent");
        follow({ receipt: JSON.parse(request.responseText).receipt, view, wait: 500 });
      } else if (request.status === 412 && task.choice === "both" && task.copy < 1000) {
        settle(task, "both");
      } else if (request.status === 412) {
        ask(task);
      } else {
        const { kind, text } = problem(request);
        if (kind === "drop-left-out") {
          say(view, "", words.leftOut, text);
          end(task, "leftOut");
        } else {
          fail(task, request.status === 401 ? words.signedOut : text, mayHelp(request.status, kind));
          if (request.status === 401) {
            view.more.append(" ", signIn());
          }
        }
      }
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
      // Which part is damaged, or which line is to be mended, nothing but the reason says.
      const why = (words.locale === "ko" && receipt.reason_ko) || receipt.reason;
      const progress = receipt.progress && !receipt.awaits_recognition && receipt.progress.sentence;
      const more = [progress, receipt.outcome_sentence].map(tell);
      more.push(why, tell(receipt.advice), tell(receipt.estimate));
      const colour = bad ? "warn" : good ? receipt.state : "attention";
      say(one.view, colour, tell(receipt.sentence), more.filter(Boolean).join(" "));
      if (FINAL.has(receipt.state)) {
        // It can be found by its name, and what is written in it is still to come.
        const isOpen = receipt.awaits_recognition && !bad;
        // What was set aside has its page, too; what is gone has none any more.
        if (!one.linked && receipt.document && (!bad || receipt.state === "quarantined")) {
          one.linked = true;
          const link = element("a", "", words.open);
          link.href = receipt.document;
          one.view.item.append(link);
        }
        if (!isOpen) {
          followed.delete(one);
          return;
        }
      }
    }
    one.wait = Math.min(one.wait * 1.5, 10000);
    window.setTimeout(() => look(one), one.wait);
  };

  // What was chosen or dropped at once: it goes to one place, and what somebody says for all of it holds for nothing
  // that comes later.
  const newBatch = () => ({ target: pipeline.value, rule: null });

  const take = (batch, file, path) => {
    total += 1;
    waiting.push({ batch, file, path, view: line(path), choice: null, copy: 1, end: null });
  };

  const takeInput = (event) => {
    const batch = newBatch();
    for (const file of event.target.files) {
      take(batch, file, file.webkitRelativePath || file.name);
    }
    event.target.value = "";
    count();
    next();
  };

  // A dropped folder is walked with a list instead of recursion: how deep it is, is not ours to trust.
  const walk = async (batch, roots) => {
    const open = [...roots];
    while (open.length > 0) {
      const entry = open.pop();
      if (entry.isFile) {
        const file = await new Promise((done, failed) => entry.file(done, failed));
        take(batch, file, entry.fullPath.replace(/^\/+/, ""));
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
    walk(newBatch(), entries).catch((error) => {
      summary.textContent = error.message;
    });
  });
  window.addEventListener("beforeunload", (event) => {
    if (sending > 0 || waiting.length > 0 || asked.size > 0) {
      event.preventDefault();
    }
  });
})();
