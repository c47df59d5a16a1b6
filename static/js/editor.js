// The scene editor with JavaScript: saves by itself, knows the cursor, has keys. Without it the form does it all.

const form = document.getElementById("editor");
const narration = form.elements.narration;
const SAVE_AFTER = 1200;
const RETRY_AFTER = 4000;
const LOOK_AGAIN_AFTER = 1000;
const FRESH = ["scenes", "dock", "preview", "narration-count", "history", "arriving"];

let edits = 0;
let savedEdits = 0;
let timer = 0;
let saving = null;
let isSent = false;

const isDirty = () => edits !== savedEdits;

function show(look, text) {
  const state = document.getElementById("saved");
  state.className = `state ${look}`;
  state.textContent = text;
}

function showLocalTime() {
  for (const time of document.querySelectorAll("#saved time")) {
    time.textContent = new Date(time.dateTime).toLocaleTimeString([], { hour12: false });
  }
}

function later(wait) {
  clearTimeout(timer);
  timer = setTimeout(save, wait);
}

function save() {
  clearTimeout(timer);
  saving ??= send().finally(() => (saving = null));
  return saving;
}

async function send() {
  const upTo = edits;
  const body = new FormData(form);
  body.set("deed", "save");
  for (const name of ["picture", "script", "script_file"]) body.delete(name);
  let response;
  try {
    response = await fetch(form.action, { method: "POST", body });
  } catch {
    return retryLater();
  }
  if (response.status === 409) return show("warn", "Changed elsewhere: press Save to see both");
  if (response.status === 422) return show("warn", "Not saved: press Save to see why");
  if (!response.ok) return retryLater();
  if (new URL(response.url).pathname !== location.pathname) return show("warn", "Not saved: sign in again");
  take(await parsed(response));
  savedEdits = upTo;
  if (isDirty()) later(SAVE_AFTER);
}

function retryLater() {
  show("warn", "Not saved, retrying");
  later(RETRY_AFTER);
}

function take(page) {
  form.elements.version.value = page.getElementById("editor").elements.version.value;
  document.getElementById("saved").replaceWith(page.getElementById("saved"));
  showLocalTime();
  for (const id of FRESH) {
    const old = document.getElementById(id);
    const fresh = page.getElementById(id);
    if (old && fresh && !old.contains(document.activeElement)) old.replaceWith(fresh);
  }
}

const parsed = async (response) => new DOMParser().parseFromString(await response.text(), "text/html");
const pause = (wait) => new Promise((done) => setTimeout(done, wait));

// A worker speaks: look again until there is something to play. A refusal is shown by the page itself.
async function hear(button) {
  if (isDirty() || saving) await save();
  const body = new FormData(form);
  body.set("deed", "hear");
  for (const name of ["picture", "script", "script_file"]) body.delete(name);
  button.disabled = true;
  let response = await fetch(form.action, { method: "POST", body });
  button.disabled = false;
  for (let looks = 0; response.ok && looks < 60; looks += 1) {
    const page = await parsed(response);
    const heard = page.querySelector(".notice.bad p") ?? page.getElementById("voice");
    document.getElementById("voice").replaceChildren(...heard.childNodes);
    if (!heard.matches("[data-waiting]")) return;
    await pause(LOOK_AGAIN_AFTER);
    response = await fetch(response.url);
  }
  form.requestSubmit(form.querySelector('button[value="save"]:not([aria-hidden])'));
}

// What a worker makes of an uploaded file comes into the page once it is there, unless somebody is typing.
async function awaitFile() {
  while (document.querySelector("#arriving[data-waiting]")) {
    await pause(3 * LOOK_AGAIN_AFTER);
    const response = await fetch(location.href).catch(() => null);
    if (!response?.ok) continue;
    const fresh = (await parsed(response)).getElementById("arriving");
    if (fresh && !fresh.matches("[data-waiting]") && !isDirty() && !saving && !isSent) return location.reload();
    if (fresh?.matches("[data-waiting]")) document.getElementById("arriving").replaceWith(fresh);
  }
}

function press(deed) {
  const button = form.querySelector(`button[value="${deed}"]:not([aria-hidden])`);
  if (button && !button.disabled) form.requestSubmit(button);
}

const isInText = (target) => Boolean(target.closest("input:not([type=radio], [type=checkbox]), textarea, select"));

// Python counts characters, JavaScript UTF-16 units: an emoji is one there and two here.
function cursor() {
  return [...narration.value.slice(0, narration.selectionStart)].length;
}

form.addEventListener("input", ({ target }) => {
  if (target.type === "file") return;
  edits += 1;
  show("wait", "Not saved yet");
  later(SAVE_AFTER);
});

form.addEventListener("change", ({ target }) => {
  if (target.name === "picture" && target.files.length) press("upload");
});

form.addEventListener("submit", async (event) => {
  const { submitter } = event;
  clearTimeout(timer);
  if (submitter?.value === "hear") {
    event.preventDefault();
    return hear(submitter);
  }
  if (isSent || saving) event.preventDefault();
  if (isSent) return;
  if (saving) {
    // An autosave under way raises the version; going on with the old one would be a conflict with ourselves.
    await saving;
    clearTimeout(timer);
    form.requestSubmit(submitter);
    return;
  }
  if (submitter?.value === "split") form.elements.split_at.value = cursor();
  isSent = true;
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("#scenes a");
  if (!link || !isDirty() || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  await save();
  if (!isDirty()) location.assign(link.href);
});

document.addEventListener("keydown", (event) => {
  const isCommand = event.ctrlKey || event.metaKey;
  const deed =
    (isCommand && event.key === "Enter" && "render") ||
    // In a text the browser's own undo is meant.
    (isCommand && event.key.toLowerCase() === "z" && !isInText(event.target) && (event.shiftKey ? "redo" : "undo")) ||
    (event.altKey && { ArrowUp: "up", ArrowDown: "down" }[event.key]);
  if (deed) {
    event.preventDefault();
    press(deed);
  } else if (event.key === "?" && !isInText(event.target)) {
    document.getElementById("keys").togglePopover();
  } else if (isCommand && event.key === "s") {
    event.preventDefault();
    edits += 1;
    save();
  }
});

addEventListener("beforeunload", (event) => {
  if (isDirty() && !isSent) event.preventDefault();
});
addEventListener("pageshow", () => (isSent = false));
// A chosen file goes up by itself; a refused script is shown where it was pasted.
form.querySelector('button[value="upload"]')?.toggleAttribute("hidden", true);
document.querySelector("#paste:has(.err)")?.showPopover();
awaitFile();
showLocalTime();
