import { randomInt } from 'node:crypto';
import { Entropy } from '../flow/ports.ts';

/** Characters from the machine's cryptographic source. */
export class NodeEntropy extends Entropy {
  text(count: number, alphabet: string): string {
    return Array.from({ length: count }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
  }
}
