import { describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.ts';
import { NestLogger } from './nest-logger.ts';

type Line = Record<string, unknown>;
const capture = (): { logger: NestLogger; lines: string[]; last: () => Line } => {
  const lines: string[] = [];
  const logger = new NestLogger(createLogger('pay', 'info', { write: (line: string) => void lines.push(line) }));
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Line };
};

describe('the log', () => {
  it('writes one JSON object per line with app, level and time', () => {
    const { logger, last } = capture();
    logger.log({ event: 'order.paid', orderNo: '01ABC' }, 'paid', 'settle');
    expect(last()).toMatchObject({
      app: 'pay',
      level: 'info',
      event: 'order.paid',
      orderNo: '01ABC',
      msg: 'paid',
      context: 'settle',
    });
    expect(last().time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  });

  it('understands the shapes Nest calls it with', () => {
    const { logger, last } = capture();
    logger.log('started', 'NestFactory');
    expect(last()).toMatchObject({ msg: 'started', context: 'NestFactory' });
    logger.error('failed', 'Error: x\n    at y', 'Router');
    expect(last()).toMatchObject({ level: 'error', msg: 'failed', context: 'Router', more: ['Error: x\n    at y'] });
    logger.warn(new Error('boom'), { event: 'mysql.away' }, 'mysql');
    expect(last()).toMatchObject({
      level: 'warn',
      msg: 'boom',
      event: 'mysql.away',
      context: 'mysql',
      err: { message: 'boom' },
    });
    logger.log({ event: 'only' }, 'Context');
    expect(last()).toMatchObject({ event: 'only', msg: '', context: 'Context' });
  });

  it('masks secrets by name at any depth and shortens openids', () => {
    const { logger, lines, last } = capture();
    logger.log({
      request: { headers: { Authorization: 'Bearer CANARY', cookie: 'CANARY', 'X-Pay-Token': 'CANARY' } },
      apiKey: 'CANARY',
      notice: { sign: 'CANARY', openid: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o' },
      list: [{ password: 'CANARY' }],
    });
    expect(lines.join('')).not.toContain('CANARY');
    expect(last()).toMatchObject({ notice: { openid: 'oUp…S6o' } });
  });

  it('masks credentials inside texts and errors, and drops what a failed query carries', () => {
    const { logger, lines, last } = capture();
    const cause = new Error('connect amqp://u:CANARY@mq/v failed');
    const error = Object.assign(new Error('at mysql://root:CANARY@db:3306/x', { cause }), {
      code: 'ER_X',
      sql: "INSERT 'CANARY'",
      parameters: ['CANARY'],
    });
    logger.error(error, 'Bearer CANARY.CANARY.CANARY');
    logger.log('redis://:CANARY@host <sign><![CDATA[CANARY]]></sign>');
    expect(lines.join('')).not.toContain('CANARY');
    expect(lines[0]).toContain('mysql://***@db:3306/x');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { type: 'Error', code: 'ER_X', cause: { type: 'Error' } },
    });
    expect(last().msg).toBe('redis://***@host <sign>***</sign>');
  });

  it('cannot be made to begin a line of its own', () => {
    const { logger, lines } = capture();
    logger.log({ body: 'a\r\n{"level":"fatal"}' }, 'b\n{"level":"fatal"}\u2028c');
    expect(lines).toHaveLength(1);
    expect(lines[0]?.trimEnd().split(/\r|\n/)).toHaveLength(1);
  });

  it('survives cycles, deep values and bytes', () => {
    const { logger, last } = capture();
    const loop: Record<string, unknown> = { bytes: Buffer.alloc(5), big: 12n };
    loop.self = loop;
    logger.log(loop);
    expect(last()).toMatchObject({ bytes: '<5 bytes>', big: '12' });
  });

  it('says nothing below its level', () => {
    const { logger, lines } = capture();
    logger.debug('nothing');
    logger.verbose('nothing');
    expect(lines).toEqual([]);
  });
});
