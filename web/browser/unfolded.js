// What was unfolded stays so when its element is drawn anew, as Gradio takes away what the new HTML does not say.
const unfolded = new Set();
const folded = details => {  // by its turn and its heading, without the figures in that, which may change
  const heading = details.querySelector('summary').textContent.replace(/[\d,]/g, '');
  return `${details.closest('[id]').id} ${heading}`;
};
element.addEventListener('toggle', event => {  // it does not bubble
  unfolded[event.target.open ? 'add' : 'delete'](folded(event.target));
}, true);
watch('value', () => element.querySelectorAll('details').forEach(details => {
  if (unfolded.has(folded(details))) details.open = true;
}));
