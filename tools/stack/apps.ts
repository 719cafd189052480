/** The three apps as real processes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Supervised } from '../services/supervised.ts';
import { PROJECT_DIR } from './paths.ts';
import { APPS, environmentOf, linksOf, type AppName, type StackSettings } from './settings.ts';

export interface AppsOptions {
  settings: StackSettings;
  /** Pid files live below this folder. */
  dir: string;
  logDir: string;
}

const STOP_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 60_000;

export class Apps {
  /** Resolves with a sentence and the last log lines when an app ends by itself. */
  readonly lost: Promise<string>;
  #tellLost: (sentence: string) => void = () => undefined;
  readonly #running = new Map<AppName, Supervised>();

  constructor(private readonly options: AppsOptions) {
    this.lost = new Promise((resolve) => (this.#tellLost = resolve));
  }

  /**
   * Starts all three side by side and waits until each says it is ready. At its first start the simulator makes the
   * certificate that `pay` looks for when it starts, so then `pay` comes after it.
   */
  async startAll(): Promise<void> {
    const { WECHAT_CERT: certificate } = environmentOf('pay', this.options.settings);
    const isFirst = certificate !== undefined && !existsSync(certificate);
    const simulator = this.start('wechat-simulator');
    const pay = isFirst ? simulator.then(() => this.start('pay')) : this.start('pay');
    await Promise.all([simulator, pay, this.start('order')]);
  }

  /** Starts one app and waits until it is ready. @param extra settings on top of the stack's */
  async start(app: AppName, extra: Record<string, string> = {}): Promise<void> {
    const process_ = await Supervised.start({
      name: app,
      command: process.execPath,
      args: ['--enable-source-maps', join(PROJECT_DIR, 'dist', 'apps', app, 'src', 'main.js')],
      env: { ...environmentOf(app, this.options.settings), ...extra },
      dir: join(this.options.dir, app),
      logFile: this.logFile(app),
      cwd: PROJECT_DIR,
    });
    this.#running.set(app, process_);
    void process_.ended.then((code) => {
      if (this.#running.get(app) !== process_) return;
      this.#tellLost(`${app} has ended (${code}). Last lines of ${process_.logFile}:\n${process_.lastLines()}`);
    });
    const url = `${linksOf(this.options.settings.ports)[app]}/health/ready`;
    await process_.ready(async () => (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok, READY_WITHIN_MS);
  }

  logFile(app: AppName): string {
    return join(this.options.logDir, `${app}.log`);
  }

  /** `kill -9`: what a crash looks like. */
  async kill(app: AppName): Promise<void> {
    const one = this.#take(app);
    await one?.kill();
  }

  /** SIGTERM, and SIGKILL when it has not ended after 10 s. */
  async stop(app: AppName): Promise<void> {
    const one = this.#take(app);
    await one?.stop(STOP_WITHIN_MS);
  }

  async stopAll(): Promise<void> {
    await Promise.all(APPS.map((app) => this.stop(app)));
  }

  #take(app: AppName): Supervised | undefined {
    const one = this.#running.get(app);
    this.#running.delete(app);
    return one;
  }
}
