// What is asked waits here until the page is free: until the conversation that it belongs to is there, and the question
// before it is answered. What was sent earlier would be lost, as an answer that comes late takes the place of the whole
// conversation. Until then it stays in the box. What was typed, and what was asked and not taken, outlive a reload, and
// so a server that went away. Whatever else changes the conversation waits here too, as an answer under way would undo it.
const DRAFT = 'qa-draft', ASKED = 'qa-asked';
const busy = new Set(['begin']);
const box = () => document.querySelector('#box textarea');
const left = sessionStorage.getItem(DRAFT);
// Each begins something and gives its name, by which the page says that it is over; an empty one where it began nothing.
const waiting = [];
let isTaken = false, isNew = true;
const put = text => {
  box().value = text;
  box().dispatchEvent(new Event('input', {bubbles: true}));
};
const giveBack = text => { if (text?.trim()) put([text, box().value].filter(Boolean).join('\n')); };
const isShown = text => [...document.querySelectorAll('#thread .question')].some(h => h.textContent === text?.trim());
const send = (question, alone) => {
  isTaken = false;
  sessionStorage.setItem(ASKED, question);
  trigger('ask', {question, alone});
  return 'ask';
};
const sendBox = () => {
  const question = box().value;
  if (!question.trim()) return '';
  put('');
  return send(question, false);
};
const go = () => {
  while (!busy.size && waiting.length) {
    const begun = waiting.shift()();
    if (begun) busy.add(begun);
  }
};
const soon = act => {
  if (!waiting.includes(act)) waiting.push(act);
  go();
};
element.addEventListener('click', event => {
  const button = event.target.closest('.try');
  if (button) soon(() => send(button.textContent, false));
});
document.addEventListener('ask', event => soon(() => send(event.detail.question, event.detail.alone)));
document.addEventListener('when-free', event => soon(event.detail));
document.addEventListener('conversed', () => { isTaken = true; });
const freed = what => setTimeout(() => {
  busy.delete(what);
  const asked = sessionStorage.getItem(ASKED);
  if (!busy.has('ask')) sessionStorage.removeItem(ASKED);
  if (!busy.has('ask') && (isNew || !isTaken) && !isShown(asked)) giveBack(asked);
  if (isNew) giveBack(left);
  isNew = false;
  go();
});
const heard = {
  ask: () => soon(sendBox),
  busy: what => {
    busy.add(what);
    waiting.length = 0;  // it was meant for the conversation that is left
    document.dispatchEvent(new Event('leaving'));
  },
  free: freed,
};
// What the page tells is in a list, as it may have begun before this script was there.
const hear = () => { while (window.told?.length) { const [event, what] = window.told.shift(); heard[event](what); } };
document.addEventListener('told', hear);
hear();
document.addEventListener('input', event => {
  if (event.target === box()) sessionStorage.setItem(DRAFT, box().value);
});
