import { Logger } from '@nestjs/common';
import { AmqpConnectionManagerClass } from 'amqp-connection-manager';
import type { ChannelModel } from 'amqplib';
import { Backoff } from './backoff.ts';
import { errorText } from './errors.ts';
import { within } from './within.ts';

const HEARTBEAT_SECONDS = 10;
const CONNECT_TIMEOUT_MS = 10_000;
const CLOSE_TIMEOUT_MS = 2_000;

/** `blocked`: the broker has a memory or disk alarm and reads nothing more from connections that publish. */
export type ConnectionState = 'down' | 'up' | 'blocked';

/**
 * One connection to RabbitMQ that comes back by itself, after 1 s at first, 10 s at most. Publishing and consuming use
 * one each: an alarm at the broker stops the one that publishes, and acknowledgements must go on.
 */
export class RabbitConnection {
  private readonly logger: Logger;
  private readonly manager: AmqpConnectionManagerClass;
  private readonly backoff = new Backoff(1_000, 10_000);
  private readonly connected = new Set<(connection: ChannelModel) => void>();
  private asking: Promise<void> | undefined;
  private blocked = false;
  private closed = false;
  private lastFailure = '';

  /** `name` is what the broker's tools show for this connection. The URL is never logged: it holds a password. */
  constructor(
    url: string,
    readonly name: string,
  ) {
    this.logger = new Logger(`rabbit ${name}`);
    this.manager = new AmqpConnectionManagerClass(url, {
      heartbeatIntervalInSeconds: HEARTBEAT_SECONDS,
      reconnectTimeInSeconds: 1,
      connectionOptions: {
        noDelay: true,
        timeout: CONNECT_TIMEOUT_MS,
        clientProperties: { connection_name: name },
      } as NonNullable<AmqpConnectionManagerClass['connectionOptions']>,
    });
    this.manager.on('connect', ({ connection }: { connection: ChannelModel }) => this.onConnect(connection));
    this.manager.on('connectFailed', ({ err }: { err: unknown }) => this.onDown(`not reachable: ${errorText(err)}`));
    this.manager.on('disconnect', ({ err }: { err: unknown }) => this.onDown(`connection lost: ${errorText(err)}`));
    this.manager.on('blocked', ({ reason }: { reason: string }) => {
      this.blocked = true;
      this.logger.warn(`the broker blocks this connection: ${errorText(reason)}`);
    });
    this.manager.on('unblocked', () => {
      this.blocked = false;
      this.logger.log('the broker reads again');
    });
  }

  get state(): ConnectionState {
    if (!this.manager.isConnected() || this.closed) return 'down';
    return this.blocked ? 'blocked' : 'up';
  }

  /** The present connection, if there is one. */
  get current(): ChannelModel | undefined {
    return this.closed ? undefined : this.manager.connection;
  }

  /**
   * Has the broker open and close a channel: a broker or a network that is silent shows here long before its heartbeats
   * are missed. Rejects without a connection; hangs until the connection is given up when there is no answer.
   */
  answers(): Promise<void> {
    this.asking ??= this.ask().finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }

  /** Starts connecting and returns at once; the broker may be away. */
  start(): void {
    // Refused credentials reject here, and are also reported by connectFailed; the tries go on.
    void this.manager.connect().catch(() => undefined);
  }

  /** Calls back on every new connection, from now on. Returns the function that ends it. */
  onEveryConnect(listener: (connection: ChannelModel) => void): () => void {
    this.connected.add(listener);
    return () => this.connected.delete(listener);
  }

  /** Ends for good. A broker that does not answer is not waited for longer than 2 s. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await within(this.manager.close(), CLOSE_TIMEOUT_MS).catch((error: unknown) => {
      this.logger.warn(`closing: ${errorText(error)}`);
    });
  }

  private async ask(): Promise<void> {
    const connection = this.current;
    if (connection === undefined) throw new Error('not connected');
    const channel = await connection.createChannel();
    channel.on('error', () => undefined);
    await channel.close();
  }

  private onConnect(connection: ChannelModel): void {
    this.blocked = false;
    this.lastFailure = '';
    this.backoff.reset();
    connection.on('handler-error', (error) => this.logger.error(`in a listener: ${errorText(error)}`));
    this.logger.log('connected');
    for (const listener of this.connected) listener(connection);
  }

  private onDown(text: string): void {
    this.blocked = false;
    // The manager reads this value right after this event: it is the delay before the next try.
    this.manager.reconnectTimeInSeconds = this.backoff.nextMs() / 1_000;
    if (text === this.lastFailure || this.closed) return;
    this.lastFailure = text;
    this.logger.warn(text);
  }
}
