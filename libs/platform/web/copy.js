/** Buttons that copy the text before them. */
import { announce } from './page.js';

const SHOWN_MS = 2000;

/** Also on plain http, where `navigator.clipboard` does not exist; then the text stays marked. */
const copy = async (element) => {
  try {
    await navigator.clipboard.writeText(element.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand('copy');
  }
};

document.addEventListener('click', async ({ target }) => {
  const button = target.closest('[data-copy]');
  if (!button || !(await copy(button.previousElementSibling))) return;
  announce(button.dataset.copy);
  button.classList.add('copy__button--done');
  setTimeout(() => button.classList.remove('copy__button--done'), SHOWN_MS);
});
