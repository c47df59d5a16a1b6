// Passkeys: asks the browser's authenticator and sends its answer with the form. Everything else needs no script.
// <form data-passkey="create|get" data-options="{JSON of the server}"> with a hidden field named passkey.

const SAYS = {
  NotAllowedError: "Cancelled, or it took too long. Try again.",
  InvalidStateError: "This device has a passkey for you here already.",
  SecurityError: "Passkeys do not work at this address.",
};

const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));
const withBytes = (list = []) => list.map((key) => ({ ...key, id: bytes(key.id) }));

const ask = {
  async create(options) {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      user: { ...options.user, id: bytes(options.user.id) },
      excludeCredentials: withBytes(options.excludeCredentials),
    };
    return navigator.credentials.create({ publicKey });
  },
  async get(options) {
    const publicKey = {
      ...options,
      challenge: bytes(options.challenge),
      allowCredentials: withBytes(options.allowCredentials),
    };
    return navigator.credentials.get({ publicKey });
  },
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const says = form.querySelector("[data-passkey-says]");
  // Back in history the field would still hold an answer that was spent.
  window.addEventListener("pageshow", () => (form.elements.passkey.value = ""));
  form.addEventListener("submit", async (event) => {
    if (form.elements.passkey.value) return;
    event.preventDefault();
    says.textContent = "";
    try {
      if (!window.PublicKeyCredential) throw new DOMException("", "SecurityError");
      const answer = await ask[form.dataset.passkey](JSON.parse(form.dataset.options));
      form.elements.passkey.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      says.textContent = SAYS[error.name] ?? "Your browser could not do this. Try again, or use a code.";
    }
  });
}
