"""What runs in the browser beside the HTML of `qa.render`: the style, two small scripts, and what they may reach.

Knows the class names of `qa.render` and `app`'s element ids. Never knows a question.
"""

from importlib.resources import files

# A second fence behind the escaping: the browser itself refuses any other host and any form.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; form-action 'none'; object-src 'none'"
)
_STYLE = files("qa").joinpath("render.css").read_text(encoding="utf-8")
# Not through Gradio's `css`, which puts a prefix before every selector and so loses half of them.
HEAD = f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"><style>{_STYLE}</style>'

# Clicks anywhere on the page reach the panel, as citations stand in the chat. Its `read` event says what to open;
# once it has come, the quote is scrolled to and the title takes the focus, so that a keyboard goes on from there.
PANEL_SCRIPT = """
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
"""

# After each message the last question comes to the top, so that its answer is read from its beginning, and the
# labels that would repeat a message's HTML to screen readers go.
CHAT_SCRIPT = """() => requestAnimationFrame(() => setTimeout(() => {
  document.querySelectorAll('#chat [data-testid][aria-label]').forEach(e => e.removeAttribute('aria-label'));
  const last = [...document.querySelectorAll('#chat .user-row')].pop();
  if (last) last.parentElement.parentElement.scrollTo({top: last.offsetTop - 8, behavior: 'smooth'});
}, 60))"""
