import { type Markup, trusted } from './page.ts';

/** What a drawing says: something is under way, is done, needs care, is over for good, or simply is. */
type SignKind = 'busy' | 'done' | 'care' | 'stop' | 'quiet';

/**
 * A line drawing of 96 × 96 in the colour of its kind (`marks.css`); it says nothing that the words beside it do not.
 * @param drawing SVG that this product made itself: it is not escaped
 */
const sign = (kind: SignKind, drawing: string): Markup =>
  trusted(
    `<svg class="sign sign--${kind}" viewBox="0 0 96 96" fill="none" stroke="currentColor" stroke-width="4" ` +
      `stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${drawing}</svg>`,
  );

const ring = '<circle class="sign__ring" cx="48" cy="48" r="44"/>';
const arc = '<circle class="sign__arc" cx="48" cy="48" r="44" pathLength="100"/>';
const disc = '<circle class="sign__disc" cx="48" cy="48" r="46"/>';

/** Every sign of the pages. */
export const signs = {
  tick: sign('done', `${disc}<path class="sign__tick" pathLength="100" d="M29 49.5l13.5 13.5 26-27.5"/>`),
  ticking: sign('busy', `${ring}${arc}<path d="M30 49l12 12 24-25"/>`),
  closing: sign('busy', `${ring}${arc}<path d="M34 48h28"/>`),
  minus: sign('quiet', `${ring}<path d="M34 48h28"/>`),
  cross: sign('stop', `${ring}<path d="M36 36l24 24M60 36l-24 24"/>`),
  clock: sign('quiet', `${ring}<path d="M48 26v23l14 9"/>`),
  returning: sign('busy', `${ring}${arc}<path d="M40 36L28 48l12 12M28 48h40"/>`),
  returned: sign('quiet', `${ring}<path d="M40 36L28 48l12 12M28 48h40"/>`),
  lens: sign('care', `${ring}<circle cx="45" cy="45" r="14"/><path d="M55.5 55.5L67 67"/>`),
  lock: sign(
    'care',
    `${ring}<rect x="33" y="45" width="30" height="22" rx="4"/><path d="M39 45v-7a9 9 0 0 1 18 0v7"/>`,
  ),
  missing: sign('quiet', `${ring}<path d="M38 39a10 10 0 1 1 13.5 9.4c-2.3.9-3.5 2.5-3.5 5v1M48 65v.5"/>`),
} as const satisfies Record<string, Markup>;
