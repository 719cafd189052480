import { cashierScenes, refusalScenes } from './cashier-scenes.ts';
import { phoneScenes, shopScenes } from './other-scenes.ts';
import { wayScenes } from './way-scenes.ts';
import type { Scene } from './scene.ts';

/** Every page in every state. The phone comes last: it lists what the others have paid. */
export const scenes: readonly Scene[] = [
  ...shopScenes,
  ...cashierScenes,
  ...wayScenes,
  ...refusalScenes,
  ...phoneScenes,
];
