import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Proxy } from './proxy.ts';

describe('the way between an app and a server', () => {
  let server: Server;
  let proxy: Proxy;
  let client: Socket;
  let received: string;
  let arrived: string;
  let ended: Promise<unknown>;

  beforeEach(async () => {
    // The server says everything twice.
    arrived = '';
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        arrived += chunk.toString();
        socket.write(Buffer.concat([chunk, chunk]));
        server.emit('heard');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await Proxy.before((server.address() as AddressInfo).port);
    received = '';
    client = connect(proxy.port, '127.0.0.1');
    client.on('error', () => undefined);
    client.on('data', (chunk) => (received += chunk.toString()));
    ended = new Promise((resolve) => client.on('close', resolve));
    await once(client, 'connect');
  });

  afterEach(async () => {
    client.destroy();
    await proxy.close();
    server.close();
  });

  const hears = async (text: string): Promise<void> => {
    while (!received.endsWith(text)) await once(client, 'data');
  };

  it('passes everything on', async () => {
    client.write('ab');
    await hears('abab');
  });

  it('holds everything back in a blackhole, and delivers it afterwards', async () => {
    proxy.set({ mode: 'blackhole' });
    client.write('late');
    const other = connect(proxy.port, '127.0.0.1');
    await once(other, 'connect');
    expect(received).toBe('');
    proxy.heal();
    await hears('latelate');
    other.destroy();
  });

  it('lets one direction through', async () => {
    proxy.set({ mode: 'one-way', passes: 'up' });
    client.write('hello');
    while (arrived !== 'hello') await once(server, 'heard');
    // The answer is on its way by now, and waits.
    expect(received).toBe('');
    proxy.heal();
    await hears('hellohello');
  });

  it('resets what is open and what is opened meanwhile', async () => {
    proxy.set({ mode: 'reset' });
    await ended;
    const other = connect(proxy.port, '127.0.0.1');
    other.on('error', () => undefined);
    await new Promise((resolve) => other.on('close', resolve));
  });

  it('cuts an answer in the middle', async () => {
    proxy.set({ mode: 'cut', afterBytes: 3 });
    client.write('abcd');
    await ended;
    expect(received.length).toBeLessThanOrEqual(3);
  });

  it.each([
    { mode: 'latency', ms: 5 },
    { mode: 'slow', bytesPerSecond: 400 },
  ] as const)('keeps every byte and their order when it is $mode', async (mode) => {
    proxy.set(mode);
    client.write('0123456789');
    client.write('abcdefghij');
    while (received.length < 40) await once(client, 'data');
    expect(received).toHaveLength(40);
    expect(received).toMatch(/^[0-9a-j]+$/);
    expect(received.startsWith('0123')).toBe(true);
  });

  it('keeps the answer to certain words, which the server has heard', async () => {
    proxy.set({ mode: 'lost-answer', to: 'COMMIT' });
    client.write('BEGIN');
    await hears('BEGINBEGIN');
    client.write('COMMIT');
    await ended;
    expect([received, arrived, proxy.lostAnswers]).toEqual(['BEGINBEGIN', 'BEGINCOMMIT', 1]);
  });
});
