// Bounds how long somebody waits for a step. Used where WeChat or a buyer waits: notifications, scans, status, cashier.

/** What work comes to, or what `late` says when it has come to nothing after `ms`; the work goes on by itself then. */
export async function atMost<T>(ms: number, work: Promise<T>, late: () => T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(late()), ms);
  });
  try {
    return await Promise.race([work, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
