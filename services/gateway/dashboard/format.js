import { t, language } from './text.js';

export const big = (value) => Number(value ?? 0); // 64-bit numbers come as text; ours fit

export function number(value) {
  return new Intl.NumberFormat(language() === 'vi' ? 'vi-VN' : 'en-GB').format(value);
}

export function age(ms) {
  if (ms === null || ms === undefined) return '–';
  const s = Math.floor(ms / 1000);
  if (ms <= 0) return '–';
  if (s < 1) return t('less_second');
  const units = [[86400, 'unit_d'], [3600, 'unit_h'], [60, 'unit_m'], [1, 'unit_s']];
  const first = units.findIndex(([length]) => s >= length);
  return units.slice(first, first + 2).map(([length, unit], i) => [Math.floor((i ? s % units[first][0] : s) / length), unit])
    .filter(([count]) => count > 0).map(([count, unit]) => `${count} ${t(unit)}`).join(' ');
}

const pad = (n, len = 2) => String(n).padStart(len, '0');

// The operator's own time, always with the day: a night shift has two.
export function time(ms, withMs = false) {
  if (!ms) return '–';
  const d = new Date(Number(ms));
  const text = `${pad(d.getDate())}/${pad(d.getMonth() + 1)}/${d.getFullYear()} ${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
  return withMs ? `${text}.${pad(d.getMilliseconds(), 3)}` : text;
}

export function clock(ms) {
  const d = new Date(ms);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function bytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let n = big(value), i = 0;
  while (n >= 1024 && i < units.length - 1) { n /= 1024; i++; }
  return `${i === 0 ? n : n.toFixed(n < 10 ? 1 : 0)} ${units[i]}`;
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

export function hex(data) {
  return Array.from(data, (b) => b.toString(16).padStart(2, '0')).join('');
}
