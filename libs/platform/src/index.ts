/** What both services build on: configuration, logs, HTTP, MySQL, Redis, RabbitMQ, outbox, health, shutdown. */
