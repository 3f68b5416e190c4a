// After each message the last question comes to the top, so that its answer is read from its beginning, and the
// labels that would repeat a message's HTML to screen readers go.
() => requestAnimationFrame(() => setTimeout(() => {
  document.querySelectorAll('#chat [data-testid][aria-label]').forEach(e => e.removeAttribute('aria-label'));
  const last = [...document.querySelectorAll('#chat .user-row')].pop();
  if (last) last.parentElement.parentElement.scrollTo({top: last.offsetTop - 8, behavior: 'smooth'});
}, 60))
