/** Stands in front of one server for one app, and does to their connection what networks do. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { LinkMode } from './plan.ts';

const PASS: LinkMode = { mode: 'pass' };
/** More than this waiting in one direction stops reading from its sender. */
const MOST_WAITING = 256 * 1024;
const SLICES_PER_SECOND = 20;

export class Proxy {
  /** How many answers `lost-answer` has kept from their askers. */
  lostAnswers = 0;
  readonly #pairs = new Set<Pair>();
  #mode: LinkMode = PASS;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** Listens on a free loopback port. @param targetPort the server behind it, on loopback */
  static async before(targetPort: number): Promise<Proxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const proxy = new Proxy(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => proxy.#accept(client, targetPort));
    return proxy;
  }

  /** Changes the weather for connections that are open and for those to come. */
  set(mode: LinkMode): void {
    this.#mode = mode;
    if (mode.mode === 'reset') for (const pair of this.#pairs) pair.reset();
    for (const pair of this.#pairs) pair.change(mode);
  }

  heal(): void {
    this.set(PASS);
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) pair.reset();
    this.server.close();
    await once(this.server, 'close');
  }

  #accept(client: Socket, targetPort: number): void {
    if (this.#mode.mode === 'reset') {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    const pair = new Pair(client, connect(targetPort, '127.0.0.1'), this.#mode, {
      over: () => this.#pairs.delete(pair),
      answerLost: () => (this.lostAnswers += 1),
    });
    this.#pairs.add(pair);
  }
}

/** One connection: two directions that end together. */
class Pair {
  readonly #lanes: readonly Lane[];
  #mode: LinkMode;
  #passed = 0;
  #loses = false;

  constructor(
    private readonly client: Socket,
    private readonly server: Socket,
    mode: LinkMode,
    private readonly told: { over: () => void; answerLost: () => void },
  ) {
    this.#mode = mode;
    this.#lanes = [new Lane(client, server, 'up', this), new Lane(server, client, 'down', this)];
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
    }
  }

  get mode(): LinkMode {
    return this.#mode;
  }

  change(mode: LinkMode): void {
    this.#mode = mode;
    this.#passed = 0;
    for (const lane of this.#lanes) lane.pump();
  }

  /** Counts what reaches the client; `cut` ends the connection in the middle of an answer. */
  count(bytes: number): boolean {
    this.#passed += bytes;
    if (this.#mode.mode !== 'cut' || this.#passed <= this.#mode.afterBytes) return true;
    this.reset();
    return false;
  }

  /** Looks at what went up to the server; the next answer to `lost-answer` ends the connection instead of arriving. */
  sent(bytes: Buffer): void {
    if (this.#mode.mode === 'lost-answer' && bytes.includes(this.#mode.to)) this.#loses = true;
  }

  /** Whether an answer may pass. The server has carried out what it answers. */
  answers(): boolean {
    if (!this.#loses) return true;
    if (!this.client.destroyed) this.told.answerLost();
    this.reset();
    return false;
  }

  reset(): void {
    for (const socket of [this.client, this.server]) if (!socket.destroyed) socket.resetAndDestroy();
    this.told.over();
  }

  end(): void {
    this.client.destroy();
    this.server.destroy();
    this.told.over();
  }
}

interface Waiting {
  chunk: Buffer;
  /** Not before this, in milliseconds of the process clock. */
  due: number;
}

/** One direction. Bytes keep their order; what waits goes on when the mode changes. */
class Lane {
  readonly #queue: Waiting[] = [];
  #waiting = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly direction: 'up' | 'down',
    private readonly pair: Pair,
  ) {
    from.on('data', (chunk: Buffer) => {
      const { mode } = this.pair;
      const delay = mode.mode === 'latency' ? mode.ms : 0;
      this.#queue.push({ chunk, due: performance.now() + delay });
      this.#waiting += chunk.length;
      if (this.#waiting > MOST_WAITING) from.pause();
      this.pump();
    });
    from.on('close', () => {
      this.#ended = true;
      this.pump();
    });
  }

  /** Sends what may go now and comes back for the rest. */
  pump(): void {
    if (this.#timer) return;
    const { mode } = this.pair;
    const stuck = mode.mode === 'blackhole' || (mode.mode === 'one-way' && mode.passes !== this.direction);
    if (stuck) return;
    for (let first = this.#queue[0]; first; first = this.#queue[0]) {
      const wait = first.due - performance.now();
      if (wait > 0) {
        this.#later(wait);
        return;
      }
      const most = mode.mode === 'slow' ? Math.max(1, Math.floor(mode.bytesPerSecond / SLICES_PER_SECOND)) : Infinity;
      const part = first.chunk.subarray(0, Math.min(most, first.chunk.length));
      if (this.direction === 'down' && !(this.pair.answers() && this.pair.count(part.length))) return;
      if (!this.to.destroyed) this.to.write(part);
      if (this.direction === 'up') this.pair.sent(part);
      this.#waiting -= part.length;
      first.chunk = first.chunk.subarray(part.length);
      if (first.chunk.length === 0) this.#queue.shift();
      if (this.#waiting <= MOST_WAITING) this.from.resume();
      if (mode.mode === 'slow') {
        this.#later(1_000 / SLICES_PER_SECOND);
        return;
      }
    }
    if (this.#ended) this.pair.end();
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.pump();
    }, ms);
  }
}
