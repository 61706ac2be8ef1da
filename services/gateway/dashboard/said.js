// What a screen reader is told: politely, and not more often than somebody can listen.
const EVERY_MS = 5000;
const waiting = [];
let timer = null;

function next() {
  const place = document.getElementById('said');
  place.textContent = waiting.splice(0).slice(-3).join(' ');
  timer = setTimeout(() => {
    timer = null;
    if (waiting.length > 0) next();
  }, EVERY_MS);
}

export function say(text) {
  waiting.push(text);
  if (timer === null) next();
}
