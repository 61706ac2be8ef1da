// Elements are made of text, never of markup: what a job or a partner says is shown as it is.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value') element.value = value;
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

export function replace(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false));
}

function cellSame(cell, value) {
  return cell.dataset.was === value.text + '\n' + (value.href ?? '') + '\n' + (value.class ?? '');
}

// A cell is text, or {text, href, class}. Only what changed is touched, so focus and selection stay.
function fill(cell, value, flash) {
  const full = typeof value === 'object' && value !== null ? value : { text: String(value ?? '') };
  full.text = String(full.text);
  if (cellSame(cell, full)) return;
  const link = cell.querySelector('a');
  if (link && full.href) {
    link.textContent = full.text;
    link.setAttribute('href', full.href);
  } else {
    replace(cell, full.href ? h('a', { href: full.href }, full.text) : full.text);
  }
  const base = cell.dataset.base ?? '';
  cell.className = [base, full.class].filter(Boolean).join(' ');
  if (flash && cell.dataset.was !== undefined) {
    void cell.offsetWidth; // begins the animation again
    cell.classList.add('changed');
  }
  cell.dataset.was = full.text + '\n' + (full.href ?? '') + '\n' + (full.class ?? '');
}

// columns: {label, cell(row), number, long, head: this cell names the row, flash}
export function table(caption, columns, key, empty) {
  const body = h('tbody');
  const rows = new Map();
  const none = h('p', { class: 'faint' }, empty ?? '');
  const scroll = h('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
    h('table', {}, h('caption', {}, caption),
      h('thead', {}, h('tr', {}, columns.map((c) => h('th', { scope: 'col', class: c.number ? 'number' : null }, c.label)))),
      body));
  const node = h('div', {}, scroll, none);
  function update(list) {
    const seen = new Set();
    let last = null;
    for (const item of list) {
      const id = String(key(item));
      seen.add(id);
      let row = rows.get(id);
      if (!row) {
        row = h('tr', {}, columns.map((c) => {
          const base = c.number ? 'number' : c.long ? 'long' : '';
          const cell = c.head ? h('th', { scope: 'row' }) : h('td');
          cell.dataset.base = base;
          cell.className = base;
          return cell;
        }));
        rows.set(id, row);
      }
      const next = last ? last.nextSibling : body.firstChild;
      if (next !== row) body.insertBefore(row, next);
      columns.forEach((c, i) => fill(row.children[i], c.cell(item), c.flash));
      last = row;
    }
    for (const [id, row] of rows)
      if (!seen.has(id)) {
        row.remove();
        rows.delete(id);
      }
    scroll.hidden = list.length === 0;
    none.hidden = list.length > 0 || !empty;
  }
  update([]);
  return { node, update };
}

// Names and values, updated in place.
export function facts() {
  const list = h('dl');
  const values = new Map();
  return {
    node: list,
    update(pairs) {
      for (const [name, value] of pairs) {
        let place = values.get(name);
        if (!place) {
          place = h('dd');
          values.set(name, place);
          list.append(h('dt', {}, name), place);
        }
        fill(place, value);
      }
    },
  };
}

export function field(label, input) {
  return h('label', {}, h('span', {}, label), input);
}

export function select(name, options, chosen) {
  return h('select', { name }, options.map(([value, label]) => h('option', { value, selected: value === chosen }, label)));
}
