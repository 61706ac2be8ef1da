// The page's words: Vietnamese first, English by the switch. A key without a word shows itself, and a test finds it.
import { vi } from './vi.js';
import { en } from './en.js';

const tables = { vi, en };
let chosen = localStorage.getItem('language') === 'en' ? 'en' : 'vi';

export const language = () => chosen;

export function setLanguage(value) {
  chosen = value === 'en' ? 'en' : 'vi';
  localStorage.setItem('language', chosen);
  document.documentElement.lang = chosen;
}

export function t(key, values = {}) {
  const text = tables[chosen][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

// Names the house itself uses (QUEUED, RETRY …) beside our word for them.
export const word = (prefix, name) => tables[chosen][`${prefix}_${name}`] ?? name;
