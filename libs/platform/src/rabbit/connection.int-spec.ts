import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { amqpUrl } from '../../../../test/support/services.ts';
import { RabbitConnection } from './connection.ts';
import { TcpProxy } from './testing/tcp-proxy.ts';
import { until } from './testing/until.ts';

Logger.overrideLogger(false);

describe('a connection', () => {
  let connection: RabbitConnection | undefined;
  afterEach(() => connection?.close());

  const isUp = () => connection?.state === 'up';
  const isDown = () => connection?.state === 'down';

  it('B5 on which nothing passes is given up after two heartbeats, and made anew', async () => {
    const proxy = await TcpProxy.before(amqpUrl());
    const url = new URL(proxy.url);
    // Ten seconds where the URL says nothing.
    url.searchParams.set('heartbeat', '1');
    connection = new RabbitConnection(url.href, 'heartbeat test');
    connection.start();
    await until('it is there', isUp);
    proxy.freeze();
    await until('it is given up', isDown);
    proxy.thaw();
    await until('it is there again', isUp);
    await connection.close();
    await proxy.close();
  });

  it('B11 with a wrong password keeps trying, and says why without it', async () => {
    const warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const url = new URL(amqpUrl());
    url.password = 'TESTONLY-wrong-password';
    connection = new RabbitConnection(url.href, 'password test');
    connection.start();
    const told = () => warnings.mock.calls.map(([text]) => String(text));
    await until('it is reported', () => told().length > 0);
    expect(told()[0]).toMatch(/ACCESS[-_]REFUSED/);
    expect(told().join('')).not.toContain(url.password);
    expect(connection.state).toBe('down');
    warnings.mockRestore();
  });
});
