import { cashierScenes, refusalScenes } from './cashier-scenes.ts';
import { phoneScenes, shopScenes } from './other-scenes.ts';
import { wayScenes } from './way-scenes.ts';
import type { Scene } from './scene.ts';

/** Every page in every state. The phone lists what the others leave open, so it comes before them. */
export const scenes: readonly Scene[] = [
  ...shopScenes,
  ...phoneScenes,
  ...cashierScenes,
  ...wayScenes,
  ...refusalScenes,
];
