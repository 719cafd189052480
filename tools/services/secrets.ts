import { randomBytes } from 'node:crypto';

/** Passwords of the accounts at MySQL, Redis and RabbitMQ. */
export interface ServiceSecrets {
  mysqlRootPassword: string;
  payMysqlPassword: string;
  orderMysqlPassword: string;
  redisPassword: string;
  amqpAdminPassword: string;
  payAmqpPassword: string;
  orderAmqpPassword: string;
}

/** 32 letters and digits: safe in URLs, SQL, configuration files and environments alike. */
export const randomSecret = (): string => randomBytes(16).toString('hex');
