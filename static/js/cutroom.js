// What every page may use: copy buttons, countdowns, and word when live updates pause. All pages work without it.

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
  button.setAttribute("aria-label", "Copied");
  button.title = "Copied";
});

// <button disabled>Send again in <span data-countdown="42">0:42</span></button>: ticks, then enables its button.
// data-then holds the text of the whole button afterwards.
for (const clock of document.querySelectorAll("[data-countdown]")) {
  const end = Date.now() + clock.dataset.countdown * 1000;
  const button = clock.closest("button");
  const tick = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) return;
    clearInterval(tick);
    if (!button) return;
    button.disabled = false;
    button.textContent = clock.dataset.then || button.textContent;
  }, 500);
}

const pause = (isPaused) => document.getElementById("paused")?.toggleAttribute("hidden", !isPaused);
document.addEventListener("htmx:error", () => pause(true));
document.addEventListener("htmx:response:error", () => pause(true));

const { reload } = document.body.dataset;
if (reload) setTimeout(() => location.reload(), reload * 1000);
