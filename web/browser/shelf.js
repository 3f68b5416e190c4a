// Removing an article takes two clicks on the same button; everything else in the list takes one.
document.addEventListener('click', event => {
  const button = event.target.closest('#shelf button, #removed button');
  if (button !== armed) disarm();
  if (!button) return;
  if (button.matches('.more')) trigger('more', {});
  if (button.matches('.restore')) trigger('restore', {value: button.value});
  if (!button.matches('.remove')) return;
  if (button === armed) { disarm(); trigger('remove', {value: button.value}); return; }
  arm(button);
});
watch('value', () => { armed = null; });
