import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** All metrics of this process. */
export const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** Seconds, from a quick read to the longest a request may last. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics by name: the registry refuses a second one of the same name, but two modules may count the same thing. */
const counters = new Map<string, Counter>();
const gauges = new Map<string, Gauge>();
const histograms = new Map<string, Histogram>();

function once<T>(known: Map<string, T>, name: string, make: () => T): T {
  const metric = known.get(name) ?? make();
  known.set(name, metric);
  return metric;
}

/** A counter of this name; asked again it is the same one. */
export const counter = (name: string, help: string, labelNames: readonly string[] = []): Counter =>
  once(counters, name, () => new Counter({ name, help, labelNames: [...labelNames], registers: [registry] }));

/**
 * A gauge of this name; asked again it is the same one.
 *
 * @param collect sets the value whenever the metrics are read
 */
export const gauge = (
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  collect?: (gauge: Gauge) => void | Promise<void>,
): Gauge =>
  once(
    gauges,
    name,
    () =>
      new Gauge({
        name,
        help,
        labelNames: [...labelNames],
        registers: [registry],
        ...(collect !== undefined && {
          collect(this: Gauge) {
            return collect(this);
          },
        }),
      }),
  );

/** A histogram of durations in seconds unless other buckets are given; asked again it is the same one. */
export const histogram = (
  name: string,
  help: string,
  labelNames: readonly string[] = [],
  buckets: readonly number[] = DURATION_BUCKETS,
): Histogram =>
  once(
    histograms,
    name,
    () => new Histogram({ name, help, labelNames: [...labelNames], buckets: [...buckets], registers: [registry] }),
  );
