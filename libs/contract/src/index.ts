/** What `pay` and `order` agree on, and what a consumer in another language joins by: events, topology, Redis keys. */
export * from './events.ts';
export * from './requests.ts';
export * from './topology.ts';
export * from './redis-keys.ts';
