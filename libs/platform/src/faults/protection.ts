import { readMutant, type Protection } from './config.ts';

const switchedOff = readMutant();

/**
 * Whether a protection holds: always, except in a process that was started to show what happens without it.
 * Ask once, where the module is loaded, so that the answer costs nothing afterwards.
 */
export const protection = (name: Protection): boolean => name !== switchedOff;
