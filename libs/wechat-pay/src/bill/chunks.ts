import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Deadline } from '../wire/deadline.ts';
import { BillBroken } from './bill-broken.ts';

const GZIP = Buffer.from([0x1f, 0x8b]);

/**
 * Gives the bytes of an answer piece by piece, never more than asked for. Whether they are compressed is seen by
 * their first two bytes, not by what was asked for. Ends the connection when the deadline passes, when the caller
 * gives up, when nothing arrives for `idleMs`, and when the iteration is left early.
 * @throws BillBroken
 */
export async function* chunks(
  answer: Readable,
  deadline: Deadline,
  idleMs: number,
): AsyncGenerator<Buffer, void, undefined> {
  let idle: NodeJS.Timeout | undefined;
  const giveUp = (why: string) => answer.destroy(new BillBroken(why));
  const watch = () => (idle = setTimeout(() => giveUp('stopped arriving'), idleMs));
  const stop = deadline.onOver((why) => giveUp(why === 'aborted' ? 'was given up' : 'took longer than its deadline'));
  try {
    watch();
    const bytes = await unzipped(answer);
    for await (const chunk of bytes) {
      // A slow reader is not a slow server: only waiting for the next piece counts.
      clearTimeout(idle);
      yield chunk as Buffer;
      watch();
    }
  } catch (error) {
    throw error instanceof BillBroken ? error : new BillBroken(`broke off: ${codeOf(error)}`);
  } finally {
    clearTimeout(idle);
    stop();
    answer.destroy();
  }
}

async function unzipped(answer: Readable): Promise<Readable> {
  const head = await firstBytes(answer);
  if (!head.equals(GZIP)) return answer;
  // Errors of either stream end both; the iteration over the second one reports them.
  return pipeline(answer, createGunzip(), () => undefined);
}

/** Looks at the first two bytes, or the only one, and puts them back. */
function firstBytes(answer: Readable): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const head = answer.read(GZIP.length) as Buffer | null;
      if (head === null) return;
      // At once: a short answer would end before its bytes are back.
      answer.unshift(head);
      settle(() => resolve(head));
    };
    const onEnd = () => settle(() => resolve(Buffer.alloc(0)));
    const onClose = () => settle(() => reject(new BillBroken('broke off')));
    const onError = (error: Error) => settle(() => reject(error));
    const settle = (how: () => void) => {
      answer.off('readable', look).off('end', onEnd).off('error', onError).off('close', onClose);
      how();
    };
    answer.on('readable', look).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}
