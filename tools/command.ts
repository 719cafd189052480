/** What every command has in common: help, a refusal as one sentence, an exit code. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { Refusal } from './services/refusal.ts';

type ParseArgsOptionsConfig = NonNullable<ParseArgsConfig['options']>;

/** Progress and findings go to standard error, so that standard output holds results only. */
export const say = (line: string): void => void process.stderr.write(`${line}\n`);

/**
 * Runs a command to its end and sets the exit code: what `work` returns, or 1 after an error. `--help` shows `help` only.
 * @param names whether arguments without dashes are allowed
 */
export async function runCommand<const T extends ParseArgsOptionsConfig>(
  help: string,
  options: T,
  work: (values: ReturnType<typeof parse<T>>['values'], names: string[]) => Promise<number>,
): Promise<void> {
  try {
    const { values, positionals } = parse(options);
    if ((values as { help?: boolean }).help) {
      process.stdout.write(`${help.trim()}\n`);
      return;
    }
    process.exitCode = await work(values, positionals);
  } catch (error) {
    process.exitCode = 1;
    const isOurs = error instanceof Refusal || isWrongArgument(error);
    say(isOurs ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

function parse<T extends ParseArgsOptionsConfig>(options: T) {
  return parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } }, allowPositionals: true });
}

const isWrongArgument = (error: unknown): error is Error =>
  error instanceof Error && ((error as NodeJS.ErrnoException).code ?? '').startsWith('ERR_PARSE_ARGS');
