// The conversation comes as text; the browser makes a file of it, so that none lies about on the server.
const menu = () => element.querySelector('details');
element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  menu().open = false;
  props.value = null;
  trigger('export', {form: button.value});
});
document.addEventListener('click', event => { if (!element.contains(event.target)) menu().open = false; });
element.addEventListener('keydown', event => {
  if (event.key !== 'Escape' || !menu().open) return;
  menu().open = false;
  menu().querySelector('summary').focus();
});
watch('value', () => {
  if (!props.value) return;
  const kind = props.value.name.endsWith('.json') ? 'application/json' : 'text/markdown';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([props.value.text], {type: `${kind};charset=utf-8`}));
  link.download = props.value.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});
