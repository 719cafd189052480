import { randomBytes } from 'node:crypto';

/** Names this process in leases: another start of the same program is another process. 24 characters `[0-9a-f]`. */
export const processId: string = randomBytes(12).toString('hex');
