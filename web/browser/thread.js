// What can be done in the conversation: put right how one was understood, copy, judge, look behind.
const newest = () => [...element.querySelectorAll('.turn')].pop();
const numbered = () => +(newest()?.id.split('-')[1] ?? -1);  // not how many there are, as the earliest are not drawn
let number = numbered();
const toLast = () => {
  const last = newest(), room = document.querySelector('#thread');
  if (last) room.scrollTop += last.getBoundingClientRect().top - room.getBoundingClientRect().top;
};
const flash = (button, text) => {
  const before = button.dataset.label || button.textContent;
  button.dataset.label = before;
  button.textContent = text;
  setTimeout(() => { button.textContent = before; }, 1600);
};
const copied = async text => {
  if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
  const area = Object.assign(document.createElement('textarea'), {value: text});  // a page served without TLS
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('not allowed');
};
const judge = (turn, liked, correction) => {
  const act = () => {
    trigger('judge', {turn, liked, correction});
    return 'judge';
  };
  document.dispatchEvent(new CustomEvent('when-free', {detail: act}));
};
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.matches('.why')) document.querySelector('#tab-insight-button')?.click();
  if (button.matches('.judge')) {
    const [turn, said] = button.value.split('-');
    judge(+turn, button.ariaPressed === 'true' ? null : said === 'right', '');  // the same again takes it back
  }
  if (button.matches('.copy')) {
    const text = button.closest('.turn').querySelector('.result').dataset.copy;
    copied(text).then(() => flash(button, 'Copied'), () => flash(button, 'Copying is not allowed here'));
  }
});
// What is being typed into the fields of a turn outlives the answer to another that comes meanwhile.
const typed = new Map();
let current = '';
const named = field => `#${field.closest('.turn').id} .${field.classList[0]}`;
element.addEventListener('input', event => typed.set(named(event.target), event.target.value));
element.addEventListener('focusin', event => { current = event.target.matches('input') ? named(event.target) : ''; });
document.addEventListener('leaving', () => {  // another conversation comes
  typed.clear();
  unfolded.clear();
  number = -1;
});
const retype = () => typed.forEach((text, selector) => {
  const field = element.querySelector(selector);
  if (!field || field.value === text) return;
  field.value = text;
  if (selector === current && document.activeElement === document.body) field.focus();
});
element.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || event.isComposing || !event.target.matches('input')) return;
  const field = event.target, text = field.value.trim();
  event.preventDefault();
  typed.delete(named(field));
  if (field.matches('.restate') && text) {
    document.dispatchEvent(new CustomEvent('ask', {detail: {question: text, alone: true}}));
  }
  if (field.matches('.correct')) judge(+field.dataset.turn, false, text);
});
// Whoever copies words out of an answer takes along where they stand.
document.addEventListener('copy', event => {
  const selection = getSelection(), at = selection.anchorNode;
  const lead = (at?.nodeType === 1 ? at : at?.parentElement)?.closest('#thread .lead');
  if (!lead || !String(selection).trim()) return;
  const across = selection.getRangeAt(0).cloneContents().querySelectorAll('.lead');  // none within a single one
  const leads = [...across].filter(each => each.textContent.trim());
  const sources = (leads.length ? leads : [lead]).map(each => each.dataset.source).filter(Boolean);
  if (!sources.length) return;
  event.clipboardData.setData('text/plain', [selection, ...sources].join('\n'));
  event.preventDefault();
});
// A new question comes to the top, so that its answer is read from its beginning.
watch('value', () => {
  const now = numbered();
  if (now > number) toLast();
  number = now;
  retype();
  document.dispatchEvent(new Event('conversed'));
});
toLast();
