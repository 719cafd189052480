import type { LoggerService } from '@nestjs/common';
import { isNativeError } from 'node:util/types';
import type { Logger } from 'pino';
import { scrubText } from './scrub.ts';

/**
 * Nest's `Logger` writing to pino. A text is the message; an object becomes members of the line (`event`, `orderNo`…);
 * an `Error`, first or behind the message, becomes `err`. The last text is Nest's context.
 */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    if (!this.logger.isLevelEnabled(level)) return;
    const members: Record<string, unknown> = {};
    const texts: string[] = [];
    for (const part of [message, ...rest]) {
      if (isNativeError(part)) members.err = part;
      else if (typeof part === 'object' && part !== null) Object.assign(members, part);
      else if (part !== undefined) texts.push(typeof part === 'string' ? part : JSON.stringify(part));
    }
    const hasOwnText = typeof message !== 'object' || message === null;
    const last = rest.at(-1);
    if (typeof last === 'string' && texts.length > (hasOwnText ? 1 : 0)) members.context = texts.pop();
    const text = texts.shift();
    if (texts.length > 0) members.more = texts;
    this.logger[level](members, scrubText(text ?? errorText(members.err)));
  }
}

const errorText = (error: unknown): string => (isNativeError(error) ? error.message : '');
