// Removing an article takes two clicks on the same button; everything else in the list takes one.
let armed = null;
const relabel = (button, words) => {  // what it is called aloud begins with what stands on it, and outranks that
  button.ariaLabel = button.ariaLabel.replace(button.textContent, words);
  button.textContent = words;
};
const disarm = () => { if (armed) { relabel(armed, 'Remove'); armed.classList.remove('sure'); armed = null; } };
document.addEventListener('click', event => {
  const button = event.target.closest('#shelf button, #removed button');
  if (button !== armed) disarm();
  if (!button) return;
  if (button.matches('.more')) trigger('more', {});
  if (button.matches('.restore')) trigger('restore', {value: button.value});
  if (!button.matches('.remove')) return;
  if (button === armed) { disarm(); trigger('remove', {value: button.value}); return; }
  armed = button;
  relabel(armed, 'Really remove?');
  armed.classList.add('sure');
});
watch('value', () => { armed = null; });
