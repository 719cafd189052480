import { createLogger } from '../log/logger.ts';
import { CannotStart } from './settings-error.ts';

/**
 * Runs an app's `main`: a reason the operator can repair is printed as a plain sentence, anything else is logged with
 * its stack; both end the process with code 1.
 */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof CannotStart) process.stderr.write(`${error.message}\n`);
    else createLogger('main', 'info').fatal({ err: error }, 'the app did not start');
    process.exit(1);
  }
}
