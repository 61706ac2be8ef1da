// A chart of the last hour: uPlot, in the page's colours. Its numbers are in the tables as well.
import { h } from './dom.js';

const colours = { light: ['#0a4fa3', '#a3140f', '#14602a'], dark: ['#8fc0ff', '#ffa39c', '#8fdca5'] };
const isDark = () => getComputedStyle(document.documentElement).colorScheme.includes('dark');

// series: [{label, values(kept)}]
export function chart(title, series, format) {
  const place = h('div', { role: 'img', 'aria-label': title });
  const colour = colours[isDark() ? 'dark' : 'light'];
  const legend = series.map((s, i) => {
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = colour[i];
    return [swatch, s.label];
  });
  const node = h('figure', {}, h('figcaption', {}, title, ' ', h('small', {}, series.length > 1 ? legend : [])), place);
  let plot = null;

  function make(data) {
    const style = getComputedStyle(document.documentElement);
    const axis = { stroke: style.getPropertyValue('--faint').trim(), grid: { stroke: style.getPropertyValue('--line').trim(), width: 0.5 } };
    plot = new window.uPlot({
      width: Math.max(place.clientWidth, 200), height: 180, legend: { show: false }, cursor: { show: false },
      scales: { x: { time: true }, y: { range: (u, low, high) => [0, Math.max(high, 1)] } },
      axes: [{ ...axis, values: (u, at) => at.map((s) => new Date(s * 1000).toTimeString().slice(0, 8)), space: 80 },
        { ...axis, size: 60, values: (u, at) => at.map(format) }],
      series: [{}, ...series.map((s, i) => ({ label: s.label, stroke: colour[i], width: 2, points: { show: false } }))],
    }, data, place);
  }
  const observer = new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: 180 });
  });
  observer.observe(place);
  return {
    node,
    update(kept) {
      if (!kept || kept.t.length < 2 || !place.isConnected) return;
      const data = [kept.t, ...series.map((s) => s.values(kept))];
      if (plot) plot.setData(data);
      else make(data);
    },
    close() {
      observer.disconnect();
      plot?.destroy();
    },
  };
}
