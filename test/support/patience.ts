/** Real services, processes and browsers take longer than Jest's 5 seconds. */
import { jest } from '@jest/globals';

jest.setTimeout(180_000);
