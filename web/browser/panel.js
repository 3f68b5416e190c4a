// Clicks anywhere on the page reach the panel, as citations stand in the chat. Its `read` event says what to open;
// once it has come, the quote is scrolled to and the title takes the focus, so that a keyboard goes on from there.
let opener = null;
const show = () => {
  document.querySelectorAll('.cite.opened').forEach(button => button.classList.remove('opened'));
  if (!opener) return;
  opener.classList.toggle('opened', opener.matches('.cite'));
  const title = element.querySelector('h2'), quote = element.querySelector('mark.here');
  if (title) title.focus({preventScroll: true});
  const tall = quote && quote.getBoundingClientRect().height > innerHeight / 2;
  (quote || title || element).scrollIntoView({block: quote && !tall ? 'center' : 'start'});
};
document.addEventListener('click', event => {
  const button = event.target.closest('button.cite, button.open, button.shelf, button.back');
  if (!button) return;
  if (button.matches('.back')) {
    if (opener) { opener.scrollIntoView({block: 'center'}); opener.focus(); }
    return;
  }
  opener = button;
  trigger('read', {kind: button.classList[0], value: button.value});
  const shown = element.querySelector('.reader');
  if (shown && shown.dataset.ref === `${button.classList[0]} ${button.value}`) show();
});
watch('value', show);
