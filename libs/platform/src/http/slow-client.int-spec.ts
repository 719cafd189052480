import { Body, Controller, Module, Post } from '@nestjs/common';
import { expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { createLogger } from '../log/logger.ts';
import { startApp } from './start-app.ts';

@Controller()
class EchoController {
  @Post('echo')
  echo(@Body() body: unknown): unknown {
    return body;
  }
}

@Module({ controllers: [EchoController] })
class EchoModule {}

it.each([
  ['its headers', 'POST /echo HTTP/1.1\r\nHost: x\r\n'],
  ['its body', 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{'],
])(
  'a client that dawdles over %s is answered and cut off (F9)',
  async (_what, bytes) => {
    const logger = createLogger('test', 'silent');
    const { url, close } = await startApp(EchoModule, {
      name: 'echo',
      port: 0,
      logger,
      openapi: false,
      signals: false,
    });
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString('latin1')));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    await close();
  },
  30_000,
);
