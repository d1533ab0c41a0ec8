// Keeps what is half filled in: should the node be lost now, the next one shows the form as it was.

const WAIT = 600;

const waiting = new WeakMap<HTMLFormElement, number>();

document.addEventListener("input", (event) => {
  const form = event.target instanceof Element ? event.target.closest<HTMLFormElement>("form[data-draft]") : null;
  if (form === null) return;
  window.clearTimeout(waiting.get(form));
  waiting.set(form, window.setTimeout(() => void keep(form), WAIT));
});

async function keep(form: HTMLFormElement): Promise<void> {
  const values = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    // A secret is sent once, with the whole form.
    if (typeof value === "string" && !name.startsWith("secret.")) values.append(name, value);
  }
  values.append("what", "keep");
  try {
    await fetch(form.dataset["draft"] ?? "", { method: "POST", body: values, headers: { "X-Kept-By": "script" } });
  } catch {
    // The next keystroke tries again; the form itself says so when it is sent.
  }
}
