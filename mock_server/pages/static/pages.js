/* What pages cannot do without a script: copy and print. All else works without it. */
"use strict";

(() => {
  async function put(text) {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return;
    }
    /* Browsers have no clipboard for scripts on plain HTTP from another machine. */
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }

  function show(root) {
    for (const button of root.querySelectorAll("[data-copy][hidden], [data-print][hidden]")) {
      button.hidden = false;
    }
  }

  document.addEventListener("click", async (event) => {
    if (event.target.closest("[data-print]")) {
      print();
    }
    const button = event.target.closest("[data-copy]");
    if (!button) {
      return;
    }
    await put(button.dataset.copy);
    const words = button.querySelector("span");
    words.textContent = "Copied";
    button.classList.add("done");
    setTimeout(() => {
      words.textContent = "Copy";
      button.classList.remove("done");
    }, 1500);
  });

  document.documentElement.classList.add("with-script");
  show(document);
  document.addEventListener("htmx:load", (event) => show(event.target));
})();
