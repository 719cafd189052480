import { trusted, type Markup } from '#platform';
import { type Phase } from './cashier.texts.ts';

const icon = (kind: string, drawing: string): Markup =>
  trusted(
    `<svg class="sign sign--${kind}" viewBox="0 0 96 96" fill="none" stroke="currentColor" stroke-width="4" ` +
      `stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${drawing}</svg>`,
  );

const ring = '<circle class="sign__ring" cx="48" cy="48" r="44"/>';
const arc = '<circle class="sign__arc" cx="48" cy="48" r="44" pathLength="100"/>';

/** One drawing per phase that has no QR code to show. Line drawings in the colour of the phase. */
export const signs: Record<Exclude<Phase, 'waiting'>, Markup> = {
  confirming: icon('busy', `${ring}${arc}<path d="M30 49l12 12 24-25"/>`),
  paid: icon(
    'done',
    `<circle class="sign__disc" cx="48" cy="48" r="46"/><path class="sign__tick" pathLength="100" d="M29 49.5l13.5 13.5 26-27.5"/>`,
  ),
  closing: icon('busy', `${ring}${arc}<path d="M34 48h28"/>`),
  closed: icon('quiet', `${ring}<path d="M34 48h28"/>`),
  failed: icon('stop', `${ring}<path d="M36 36l24 24M60 36l-24 24"/>`),
  expired: icon('quiet', `${ring}<path d="M48 26v23l14 9"/>`),
  refunding: icon('busy', `${ring}${arc}<path d="M40 36L28 48l12 12M28 48h40"/>`),
  refunded: icon('quiet', `${ring}<path d="M40 36L28 48l12 12M28 48h40"/>`),
  review: icon('care', `${ring}<circle cx="45" cy="45" r="14"/><path d="M55.5 55.5L67 67"/>`),
};
