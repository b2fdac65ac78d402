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

  const events = new EventSource("/v1/events");
  events.addEventListener("open", () => {
    live.textContent = "● " + live.dataset.live;
  });
  events.addEventListener("error", () => {
    live.textContent = "○ " + live.dataset.lost;
  });
  events.addEventListener("state", (event) => {
    const state = JSON.parse(event.data);
    balance(state.balance);
    state.queues.forEach(queue);
  });
})();
