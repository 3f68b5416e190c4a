// The dial and the filters are the browser's own inputs; what they say becomes the value that goes with a question.
const all = selector => [...element.querySelectorAll(selector)];
const one = selector => element.querySelector(selector);
const read = () => {
  const least = +one('.least').value;
  const sources = all('.outlet').filter(box => box.checked).map(box => box.value);
  const after = one('.after').value, before = one('.before').value;
  one('.chosen').textContent = `${Math.round(least * 100)}%`;
  one('.least').setAttribute('aria-valuetext', `${Math.round(least * 100)} percent`);
  const outlets = sources.length === 0 ? 'All outlets' : sources.length === 1 ? sources[0] : `${sources.length} outlets`;
  const dates = after && before ? `${after} to ${before}` : after ? `from ${after}` : before ? `until ${before}` : 'any date';
  one('summary').textContent = `${outlets}, ${dates}`;
  one('.filters').classList.toggle('narrowed', Boolean(sources.length || after || before));
  return {least, sources, after, before};
};
element.addEventListener('input', event => { if (event.target.matches('.least')) read(); });
let isDialSet = false;
const decide = () => {  // one function, as what waits already does not wait twice
  trigger('decide', {});
  return 'decide';
};
element.addEventListener('change', event => {
  isDialSet ||= event.target.matches('.least');
  props.value = read();
  if (event.target.matches('.least')) document.dispatchEvent(new CustomEvent('when-free', {detail: decide}));
});
element.addEventListener('click', event => {
  if (!event.target.matches('.everything')) return;
  all('.outlet').forEach(box => { box.checked = false; });
  one('.after').value = one('.before').value = '';
  props.value = read();
});
// What was chosen before the outlets came is still chosen once they are there.
watch('markup', () => {
  const {least, sources = [], after = '', before = ''} = props.value;
  if (isDialSet) one('.least').value = least;
  all('.outlet').forEach(box => { box.checked = sources.includes(box.value); });
  one('.after').value = after;
  one('.before').value = before;
  props.value = read();
});
