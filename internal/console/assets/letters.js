"use strict";
// The pages of dead letters work without this: it ticks all, counts, and follows an order.
(() => {
  const all = document.getElementById("all-rows");
  const form = document.getElementById("selection");
  if (all && form) {
    const boxes = [...form.querySelectorAll("input[name=ref]")];
    const chosen = document.getElementById("chosen");
    const button = document.getElementById("replay-chosen");
    const tell = () => {
      const n = boxes.filter((box) => box.checked).length;
      all.checked = n === boxes.length;
      all.indeterminate = n > 0 && n < boxes.length;
      button.disabled = n === 0;
      chosen.textContent = n === 0 ? "Tick letters to replay them." : n === 1 ? "1 chosen." : n + " chosen.";
    };
    all.hidden = false;
    all.addEventListener("change", () => { boxes.forEach((box) => { box.checked = all.checked; }); tell(); });
    form.addEventListener("change", tell);
    addEventListener("pageshow", tell); // the way back keeps ticks
    tell();
  }

  const progress = document.getElementById("progress");
  const part = () => document.getElementById("part");
  if (progress && part() && part().dataset.running === "true") {
    const look = async () => {
      try {
        const answer = await fetch("/replay/progress/part", { redirect: "error" });
        if (!answer.ok) throw new Error(answer.statusText);
        const next = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("part");
        const stop = document.activeElement && document.activeElement.closest("#part form");
        part().replaceWith(next);
        if (stop) (part().querySelector("button, a.button") || progress).focus();
      } catch {
        location.reload(); // signed out, or the processor is away: the page says so
        return;
      }
      if (part().dataset.running === "true") setTimeout(look, 1000);
    };
    setTimeout(look, 500);
  }
})();
