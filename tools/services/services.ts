export const SERVICES = ['mysql', 'redis', 'rabbitmq'] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Where the apps find their services. The administrators' URLs are there when the services are ours. */
export interface ServiceUrls {
  payMysqlUrl: string;
  orderMysqlUrl: string;
  payAmqpUrl: string;
  orderAmqpUrl: string;
  redisUrl: string;
  adminMysqlUrl?: string;
  adminAmqpUrl?: string;
}

/** Running services, wherever they come from. */
export interface Services {
  kind: 'environment' | 'docker' | 'private';
  urls: ServiceUrls;
  /** Resolves with a sentence when one of ours ends by itself. */
  lost: Promise<string>;
  /** Ends what we started; data stay. */
  stop: () => Promise<void>;
}

/** Services that are ours to crash and to start again. */
export interface OwnServices extends Services {
  kill: (name: ServiceName) => Promise<void>;
  start: (name: ServiceName) => Promise<void>;
  /** Stops it in its tracks (SIGSTOP) until {@link resume}. */
  pause: (name: ServiceName) => Promise<void>;
  resume: (name: ServiceName) => Promise<void>;
  /** Has it end in good order, as its administrator would; {@link start} brings it back. */
  halt: (name: ServiceName) => Promise<void>;
  /** Removes the data of one that was killed or halted: {@link start} then brings up an empty one with its accounts. */
  wipe: (name: ServiceName) => Promise<void>;
  /** Runs RabbitMQ's own tool against our broker. @throws Refusal with what it printed when it fails */
  rabbitmqctl: (...args: string[]) => Promise<void>;
  /** Stops all and removes their data. */
  remove: () => Promise<void>;
}
