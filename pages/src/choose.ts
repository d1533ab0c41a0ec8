// A choice counts as soon as it is made; without scripts there is a button for it.

document.addEventListener("change", (event) => {
  const target = event.target;
  if (target instanceof HTMLSelectElement) {
    target.closest<HTMLFormElement>("form[data-choose]")?.requestSubmit();
  }
});
