import { Controller, Get, Module, Res } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FastifyReply } from 'fastify';
import { createLogger } from '../log/logger.ts';
import { AnswerWithin } from './answer-within.ts';
import { startApp, type StartedApp } from './start-app.ts';

let release = (): void => undefined;
const released = new Promise<void>((resolve) => (release = resolve));
let goneOn = 0;

@Controller()
class SlowController {
  @Get('hanging')
  async hanging(): Promise<string> {
    await released;
    goneOn += 1;
    return 'too late';
  }

  @Get('hanging/raw')
  async raw(@Res() reply: FastifyReply): Promise<void> {
    await released;
    goneOn += 1;
    await reply.send('too late');
  }

  @Get('patient')
  @AnswerWithin(60_000)
  async patient(): Promise<string> {
    await released;
    return 'in time';
  }

  @Get('quick')
  quick(): string {
    return 'in time';
  }
}

@Module({ controllers: [SlowController] })
class SlowModule {}

describe('an app that answers within 50 ms', () => {
  let started: StartedApp;
  const lines: string[] = [];

  beforeAll(async () => {
    const logger = createLogger('test', 'info', { write: (line: string) => void lines.push(line) });
    started = await startApp(SlowModule, { name: 'slow', port: 0, logger, signals: false, answerWithinMs: 50 });
  });
  afterAll(() => started.close());

  const get = (path: string) => fetch(`${started.url}/${path}`);

  it('answers what is in time', async () => {
    expect(await (await get('quick')).text()).toBe('in time');
  });

  it('answers 503 to what hangs, says so in the log, and lets it go on; a route may take longer', async () => {
    const patient = get('patient');
    for (const path of ['hanging', 'hanging/raw']) {
      const answer = await get(`${path}?code=secret`);
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE', instance: `/${path}` });
    }
    release();
    expect(await (await patient).text()).toBe('in time');
    expect(goneOn).toBe(2);
    expect(lines.filter((line) => line.includes('request.late'))).toHaveLength(2);
    expect(lines.join('')).not.toContain('secret');
  });
});
