// Makes the page of a document live: the way from match to match without loading it again, films and sound that go to
// the moment that is pressed, and keys. Without it the same links load the page at the place.
"use strict";

(() => {
  const $ = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // ── The way back: to the results as they were, with all filters ──
  const back = $("#back");
  const KEY = "madang-results";
  const stored = (value) => {
    try {
      return value === undefined ? sessionStorage.getItem(KEY) : sessionStorage.setItem(KEY, value);
    } catch {
      return null;
    }
  };
  const isSearch = (address) => {
    try {
      const url = new URL(address, location.href);
      return url.origin === location.origin && url.pathname === "/" ? url : null;
    } catch {
      return null;
    }
  };
  const query = (url) => new URL(url, location.href).searchParams.get("q") || "";
  const from = isSearch(document.referrer);
  if (from) stored(from.pathname + from.search);
  const results = stored();
  if (back && results && isSearch(results) && query(results) === query(location.href)) {
    back.href = results;
  }

  // ── A place that only the fragment names, as somebody types it: what is shown there is made by the server ──
  const lead = () => {
    const place = /^#((?:page|t)=[\d.,]+)$/.exec(location.hash);
    const asked = new URL(location.href);
    if (!place || document.getElementById(place[1]) || asked.searchParams.get("at") === place[1]) return;
    for (const name of ["page", "part", "hit"]) asked.searchParams.delete(name);
    asked.searchParams.set("at", place[1]);
    location.replace(asked);
  };
  const isLed = ["at", "page", "part", "hit"].some((name) => new URL(location.href).searchParams.has(name));
  if (!isLed) lead();
  addEventListener("hashchange", lead);

  // ── Films and sound ──
  const media = $("#media");
  const moments = all(".transcript a[data-ms], .frames a[data-ms]");
  // The film stays where it is: only the list of what is said moves, and the strip of frames.
  const reveal = (row) => {
    const box = row.closest(".transcript, .frames");
    if (!box) return;
    const [inner, outer] = [row.getBoundingClientRect(), box.getBoundingClientRect()];
    if (box.scrollHeight > box.clientHeight) box.scrollTop += inner.top - outer.top - box.clientHeight / 3;
    if (box.scrollWidth > box.clientWidth) box.scrollLeft += inner.left - outer.left - box.clientWidth / 3;
  };
  const seek = (link, play) => {
    if (!media) return;
    media.currentTime = Number(link.dataset.ms) / 1000;
    if (play) media.play().catch(() => {});
  };
  if (media) {
    const told = $("#unplayed");
    // A film whose sound alone can be played has no picture.
    const blind = () => media.tagName === "VIDEO" && media.videoWidth === 0;
    media.addEventListener("error", () => { told.hidden = false; });
    media.addEventListener("loadedmetadata", () => { told.hidden = !blind(); });
    for (const link of moments) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        seek(link, true);
        history.replaceState(null, "", link.href);
      });
    }
    // What is being said or seen stands out in each list while it plays.
    const follower = (links) => {
      let last = null;
      return () => {
        const now = media.currentTime * 1000 + 50;
        const here = links.filter((link) => Number(link.dataset.ms) <= now).pop() || null;
        if (here === last && (!here || here.hasAttribute("aria-current"))) return;
        last = here;
        for (const link of links) link.removeAttribute("aria-current");
        if (!here) return;
        here.setAttribute("aria-current", "true");
        reveal(here);
      };
    };
    const said = follower(all(".transcript a[data-ms]"));
    const seen = follower(all(".frames a[data-ms]"));
    media.addEventListener("timeupdate", () => {
      if (media.paused) return;
      said();
      seen();
    });
    // A match that is shown stays marked in the text, while the frame is that of its moment.
    media.addEventListener("seeked", seen);
    for (const chosen of all(".transcript a[aria-current], .frames a[aria-current]")) reveal(chosen);
  }

  // ── From match to match ──
  const nav = $(".hitnav");
  const show = (number, address) => {
    const marks = all(`mark[data-hit="${number}"]`);
    if (marks.length === 0) return false;
    for (const mark of all("mark.now")) mark.classList.remove("now");
    for (const mark of marks) mark.classList.add("now");
    const count = Number(nav.dataset.all);
    $("b", nav).textContent = number.toLocaleString("en-US");
    const lead = (rel, to) => {
      const link = $(`a[rel="${rel}"]`, nav);
      const url = new URL(link.href);
      url.searchParams.set("hit", to);
      url.hash = `hit-${to}`;
      link.href = url;
    };
    lead("prev", number === 1 ? count : number - 1);
    lead("next", number === count ? 1 : number + 1);
    for (const link of all(".hitlist a")) {
      if (Number(link.dataset.to) === number) {
        link.setAttribute("aria-current", "true");
        link.scrollIntoView({ block: "nearest" });
      } else {
        link.removeAttribute("aria-current");
      }
    }
    const row = marks[0].closest(".transcript a[data-ms]");
    if (row) {
      for (const link of all(".transcript a[data-ms]")) link.removeAttribute("aria-current");
      row.setAttribute("aria-current", "true");
      seek(row, false);
      reveal(row);
    } else {
      marks[0].scrollIntoView({ block: "center", inline: "nearest" });
    }
    history.replaceState(null, "", address);
    return true;
  };
  // In a grid the cell, its row and its column are lit, which the server does.
  const isLive = nav && !$(".grid, .leaf");
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest(".hitnav a, .hitlist a");
    if (!link || !isLive || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const number = Number(new URL(link.href).searchParams.get("hit"));
    if (number && show(number, link.href)) event.preventDefault();
  });
  // The address names a place, and the match that stands there is further down.
  if (nav && !media && !location.hash.startsWith("#hit-")) {
    const now = $("mark.now, rect.now");
    if (now) addEventListener("load", () => now.scrollIntoView({ block: "center" }), { once: true });
  }

  // ── Keys ──
  const press = (selector) => {
    const link = $(selector);
    if (link) link.click();
    return Boolean(link);
  };
  const keys = {
    n: () => press('.hitnav a[rel="next"]'),
    p: () => press('.hitnav a[rel="prev"]'),
    u: () => press("#back"),
    "[": () => press('.leaves a[rel="prev"]'),
    "]": () => press('.leaves a[rel="next"]'),
    t: () => press(".views a:not([aria-current])"),
    "/": () => { location.href = "/"; return true; },
    "?": () => {
      const list = $("#keys");
      if (!list || !list.togglePopover) return false;
      list.togglePopover();
      return true;
    },
    k: () => media && (media.paused ? media.play().catch(() => {}) : media.pause(), true),
    ArrowLeft: () => media && (media.currentTime -= 5, true),
    ArrowRight: () => media && (media.currentTime += 5, true),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const at = event.target instanceof Element ? event.target : document.body;
    // Never while typing, and a player and a table have keys of their own.
    if (at.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key.startsWith("Arrow") && at.closest("video, audio, .gridbox, .frames")) return;
    const does = keys[event.key];
    if (does && does()) event.preventDefault();
  });
})();
