// Clicks anywhere on the page reach the panel, as what it opens stands in the chat and the lists. Its `read` event
// says what to open. Once that has come, the quote is scrolled to and the title takes the focus, so that a keyboard
// goes on from there; what comes unasked, beside an answer, is scrolled to and leaves the focus where it is.
let opener = null, isAsked = false;
const OPENING = 'button.cite, button.open, button.passage';
const scroller = () => element.querySelector('.reader');
const toQuote = () => {
  const reader = scroller(), quote = element.querySelector('mark.here');
  if (!reader) return;
  if (!quote) { reader.scrollTop = 0; return; }
  const box = quote.getBoundingClientRect(), room = reader.getBoundingClientRect();
  const above = box.height > room.height / 2 ? room.height / 8 : (room.height - box.height) / 2;
  reader.scrollTop += box.top - room.top - above;
};
const tell = () => {
  const ref = scroller()?.dataset.ref || '';
  document.querySelectorAll('#thread .cite.row').forEach(button => {
    button.classList.toggle('opened', ref === `cite ${button.value}`);
  });
};
const show = () => {
  tell();
  toQuote();
  if (!isAsked) return;
  isAsked = false;
  document.body.classList.add('reading');
  element.querySelector('h2')?.focus({preventScroll: true});
  requestAnimationFrame(toQuote);
};
const open = button => {
  isAsked = true;
  if (!element.contains(button)) opener = button;
  const kind = button.classList[0], ref = `${kind} ${button.value}`;
  trigger('read', {kind, value: button.value});
  if (scroller()?.dataset.ref === ref) show();
};
const back = () => {
  document.body.classList.remove('reading');
  const still = opener?.isConnected ? opener : document.querySelector('#box textarea');
  if (still) { still.scrollIntoView({block: 'nearest'}); still.focus(); }
};
document.addEventListener('click', event => {
  const button = event.target.closest(`${OPENING}, button.back`);
  if (!button || button.disabled) return;
  button.matches('.back') ? back() : open(button);
});
document.addEventListener('keydown', event => {
  if (!element.contains(document.activeElement) || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === 'Escape') { back(); return; }
  const way = {n: 'next', p: 'previous'}[event.key];
  const step = way && element.querySelector(`button.step.${way}`);
  if (step && !step.disabled) { event.preventDefault(); open(step); }
});
element.addEventListener('scroll', event => {
  const title = element.querySelector('h2'), reader = scroller();
  if (!title || event.target !== reader) return;
  reader.classList.toggle('scrolled', title.getBoundingClientRect().bottom < reader.getBoundingClientRect().top + 40);
}, true);
document.addEventListener('conversed', tell);  // what was drawn anew has lost the mark
watch('value', show);
