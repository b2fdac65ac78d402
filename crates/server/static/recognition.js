// Keeps current how far the recognising of a document has come, and shows its text once that is whole. The page works
// without it: whoever loads it again sees the same.
"use strict";

(() => {
  const ID = "recognition";
  // A page of a scan takes seconds; who waits for hours is asked for less often.
  const LONGEST = 30000;
  let pause = 3000;

  const look = async () => {
    const shown = document.getElementById(ID);
    if (!document.hidden && shown) {
      try {
        const answer = await fetch(window.location.href, { headers: { accept: "text/html" } });
        if (answer.ok && !answer.redirected) {
          const page = new DOMParser().parseFromString(await answer.text(), "text/html");
          const fresh = page.getElementById(ID);
          if (!fresh) {
            window.location.reload();
            return;
          }
          if (fresh.textContent === shown.textContent) {
            pause = Math.min(pause * 1.2, LONGEST);
          } else {
            shown.replaceWith(document.adoptNode(fresh));
            pause = 3000;
          }
        }
      } catch {
        pause = Math.min(pause * 2, LONGEST);
      }
    }
    window.setTimeout(look, pause);
  };
  window.setTimeout(look, pause);
})();
