// Keeps the figures of the page current. The page works without it: every act is a form.
"use strict";

(() => {
  const live = document.getElementById("live");
  const format = (n) => n.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ",");

  const show = (element, n) => {
    const text = format(n);
    if (element.textContent !== text) {
      element.textContent = text;
    }
  };

  const balance = (state) => {
    for (const element of document.querySelectorAll("[data-balance]")) {
      show(element, state[element.dataset.balance]);
    }
    for (const element of document.querySelectorAll("[data-holds]")) {
      element.hidden = element.dataset.holds !== String(state.holds);
    }
  };

  const queue = (state) => {
    const row = [...document.querySelectorAll("[data-queue]")]
      .find((candidate) => candidate.dataset.queue === state.name);
    if (!row) {
      return;
    }
    for (const element of row.querySelectorAll("[data-count]")) {
      show(element, state[element.dataset.count]);
    }
    for (const element of row.querySelectorAll("[data-paused]")) {
      element.hidden = element.dataset.paused !== String(state.paused);
    }
  };

  const headway = ({ job, progress }) => {
    const said = progress.sentence;
    for (const element of document.querySelectorAll(`[data-headway="${job}"]`)) {
      element.textContent = said[document.documentElement.lang] || said.en;
    }
  };

  // Lists are the server's own page, fetched anew when something that they may show has changed; never while
  // somebody is about to press something in them, or reads what was folded.
  const PAUSE = 2000;
  const LISTS = ["conditions", "running", "queues", "noted", "shortfall", "left-out", "jobs"];
  let seen = "";
  let due = false;
  let asking = false;

  // A question stands open; a browser that opens none does not know the word either.
  const asked = "popover" in HTMLElement.prototype ? ", :popover-open" : "";
  const busy = "a:hover, button:hover, :focus, details[open]" + asked;
  const isBusy = (list) => list.querySelector(busy) !== null;

  const refresh = async () => {
    if (!due || asking || document.hidden) {
      return;
    }
    due = false;
    asking = true;
    try {
      const answer = await fetch(window.location.href, { headers: { accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const id of LISTS) {
          const list = document.getElementById(id);
          const fresh = page.getElementById(id);
          if (list && fresh && isBusy(list)) {
            due = true;
          } else if (list && fresh) {
            list.replaceWith(document.adoptNode(fresh));
          }
        }
      }
    } catch {
      due = true;
    }
    asking = false;
  };
  window.setInterval(refresh, PAUSE);

  // An act that nobody hears would lead to the browser's own page of errors, which does not come back.
  let lost = false;
  document.addEventListener("submit", (event) => {
    if (lost) {
      event.preventDefault();
    }
  });
  const hears = (does) => {
    lost = !does;
    live.textContent = does ? "● " + live.dataset.live : "○ " + live.dataset.lost;
    document.body.classList.toggle("lost", lost);
  };

  const events = new EventSource("/v1/events");
  events.addEventListener("open", () => hears(true));
  events.addEventListener("error", () => hears(false));
  events.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    balance(state.balance);
    state.queues.forEach(queue);
    state.running.forEach(headway);
    // What changes every second without a list being another is left out.
    const figures = ["last_minute", "progress"];
    const shown = JSON.stringify(state, (name, value) => (figures.includes(name) ? null : value));
    due = due || shown !== seen;
    seen = shown;
  });
})();
