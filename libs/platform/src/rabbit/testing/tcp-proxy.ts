import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Stands between a client and a server on loopback, so that a test can cut, freeze and restore the way between them. */
export class TcpProxy {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private frozen = false;
  private refusing = false;

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    /** The server's URL with this proxy's port. */
    readonly url: string,
  ) {}

  /** A proxy in front of the server that `url` names. */
  static async before(url: string): Promise<TcpProxy> {
    const target = new URL(url);
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String((server.address() as AddressInfo).port);
    const proxy = new TcpProxy(server, through.href);
    server.on('connection', (client) => proxy.link(client, connect(Number(target.port || 5672), target.hostname)));
    return proxy;
  }

  /** Every connection is reset, without a word of goodbye. */
  cut(): void {
    for (const [client, server] of this.pairs) {
      client.resetAndDestroy();
      server.destroy();
    }
    this.pairs.clear();
  }

  /** Connections stay open and nothing passes, as with a stopped broker; what was sent arrives after `thaw`. */
  freeze(): void {
    this.frozen = true;
    for (const pair of this.pairs) pair.forEach((socket) => socket.pause());
  }

  thaw(): void {
    this.frozen = false;
    for (const pair of this.pairs) pair.forEach((socket) => socket.resume());
  }

  /** New connections are refused until `accept`. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  accept(): void {
    this.refusing = false;
  }

  async close(): Promise<void> {
    this.cut();
    this.server.close();
    await once(this.server, 'close');
  }

  private link(client: Socket, server: Socket): void {
    if (this.refusing) {
      client.resetAndDestroy();
      server.destroy();
      return;
    }
    const pair = [client, server] as const;
    this.pairs.add(pair);
    const forward = (from: Socket, to: Socket) => {
      from.on('data', (chunk) => to.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        to.destroy();
        this.pairs.delete(pair);
      });
      if (this.frozen) from.pause();
    };
    forward(client, server);
    forward(server, client);
  }
}
