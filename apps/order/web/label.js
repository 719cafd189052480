/** A product's label: a quiet drawing by its place on the shelf, so that the demo needs no pictures. */

const SVG = 'http://www.w3.org/2000/svg';

const add = (svg, name, attributes) => {
  const shape = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, String(value));
  svg.append(shape);
};

const rings = (svg) => {
  for (const r of [46, 35, 24, 13]) add(svg, 'circle', { cx: 60, cy: 66, r, class: 'label__line' });
};
const hills = (svg) => {
  for (const y of [48, 62, 76, 90]) add(svg, 'path', { d: `M0 ${y}q30-24 60 0t60 0`, class: 'label__line' });
};
const sun = (svg) => {
  add(svg, 'circle', { cx: 60, cy: 52, r: 21, class: 'label__fill' });
  for (const y of [84, 94]) add(svg, 'path', { d: `M22 ${y}h76`, class: 'label__line' });
};
const leaf = (svg) => {
  add(svg, 'path', { d: 'M60 22c30 20 30 56 0 78c-30-22-30-58 0-78z', class: 'label__fill' });
  add(svg, 'path', { d: 'M60 46v62', class: 'label__vein' });
};
const grid = (svg) => {
  for (const x of [36, 60, 84])
    for (const y of [36, 60, 84]) add(svg, 'circle', { cx: x, cy: y, r: 7, class: 'label__fill' });
};
const cup = (svg) => {
  add(svg, 'path', { d: 'M32 52h56c0 30-12 42-28 42s-28-12-28-42z', class: 'label__fill' });
  add(svg, 'path', { d: 'M52 40c-5-7 5-11 0-18M68 40c-5-7 5-11 0-18', class: 'label__line' });
};
const drawings = [leaf, rings, cup, hills, sun, grid];

/**
 * @param {SVGElement} svg an empty drawing of 120 × 120
 * @param {number} position on the shelf: neighbours never look the same
 */
export const drawLabel = (svg, position) => {
  const kind = position % drawings.length;
  svg.classList.add(`label--${kind}`);
  drawings[kind](svg);
};
