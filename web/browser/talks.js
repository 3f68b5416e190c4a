// The conversations of this visitor in a dialog, which the browser itself keeps the focus in and closes with Escape.
// They are asked for whenever it is opened. Deleting one takes two clicks on the same button.
const dialog = element.querySelector('dialog'), list = element.querySelector('.list');
const day = moment => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
const inWords = moment => {
  const days = Math.round((day(new Date()) - day(moment)) / 86400000);
  const time = moment.toLocaleTimeString('en-GB', {hour: '2-digit', minute: '2-digit'});
  if (days < 2) return `${days < 1 ? 'Today' : 'Yesterday'}, ${time}`;
  return moment.toLocaleDateString('en-GB', {day: 'numeric', month: 'short', year: 'numeric'});
};
element.querySelector('.show').addEventListener('click', () => {
  dialog.showModal();
  props.value = null;
  trigger('list', {});
});
dialog.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (button !== armed) disarm();
  if (event.target === dialog || button?.matches('.close')) dialog.close();
  if (button?.matches('.talk')) {
    dialog.close();
    document.querySelector('#tab-ask-button')?.click();
    document.querySelector('#box textarea')?.focus();
    if (button.ariaCurrent !== 'true') trigger('open', {value: button.value});
  }
  if (!button?.matches('.forget')) return;
  if (button !== armed) { arm(button); return; }
  armed = null;
  relabel(button, 'Deleting');
  trigger(button.previousElementSibling.ariaCurrent === 'true' ? 'forgo' : 'forget', {value: button.value});
});
watch('value', () => {
  if (!props.value) return;
  const place = [...list.querySelectorAll('li')].findIndex(row => row.contains(document.activeElement));
  list.removeAttribute('role');
  list.innerHTML = props.value;
  list.querySelectorAll('time').forEach(time => { time.textContent = inWords(new Date(time.dateTime)); });
  if (place < 0) return;
  const rows = list.querySelectorAll('.talk');
  (rows[Math.min(place, rows.length - 1)] || element.querySelector('.close')).focus();
});
