// Takes away a picture that did not come: the likeness of a document may show nothing, which is known when somebody
// looks at it first. The page works without it: then the place of the picture stays empty.
"use strict";

(() => {
  const PICTURES = ".preview, .thumb img";

  const take = (picture) => {
    (picture.closest(".thumb") || picture).hidden = true;
  };

  // Errors of pictures do not rise, they are only met on their way down.
  document.addEventListener("error", (event) => {
    if (event.target instanceof Element && event.target.matches(PICTURES)) {
      take(event.target);
    }
  }, true);

  for (const picture of document.querySelectorAll(PICTURES)) {
    if (picture.complete && picture.naturalWidth === 0) {
      take(picture);
    }
  }
})();
