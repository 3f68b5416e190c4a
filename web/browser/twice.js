// Before a script whose buttons cannot be taken back: the first click arms such a button, and only the second is meant.
let armed = null, calm = '';
const relabel = (button, words) => {  // what it is called aloud begins with what stands on it, and outranks that
  button.ariaLabel = button.ariaLabel.replace(button.textContent, words);
  button.textContent = words;
};
const disarm = () => { if (armed) { relabel(armed, calm); armed.classList.remove('sure'); armed = null; } };
const arm = button => {
  armed = button;
  calm = button.textContent;
  relabel(button, `Really ${calm.toLowerCase()}?`);
  button.classList.add('sure');
};
