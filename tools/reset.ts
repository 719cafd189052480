/** `npm run reset`: back to the first day. Removes what `npm start` keeps; refuses while something runs. */
import { existsSync, rmSync } from 'node:fs';
import { runCommand, say } from './command.ts';
import { dockerOptions } from './services/open-services.ts';
import { DockerServices, dockerWorks } from './services/docker-services.ts';
import { Refusal } from './services/refusal.ts';
import { endLeftOvers } from './stack/left-overs.ts';
import { LocalEnv } from './stack/local-env.ts';
import { LOCAL, PROJECT_DIR } from './stack/paths.ts';
import { RunFile } from './stack/run-file.ts';

const HELP = `
npm run reset: removes all data of npm start (.local/ and, if Docker Compose was used, its volumes).

  Servers named by the environment are yours: their schemas, queues and keys are left alone.`;

await runCommand(HELP, {}, async () => {
  const running = new RunFile(LOCAL.runFile).read();
  if (running)
    throw new Refusal(`Paypair runs here (process ${running.pid}): stop it first with Ctrl-C, or: kill ${running.pid}`);
  if (!existsSync(LOCAL.dir)) {
    say('There is nothing to remove.');
    return 0;
  }
  await removeContainers();
  await endLeftOvers();
  for (const path of [LOCAL.services, LOCAL.apps, LOCAL.simulator, LOCAL.logs, LOCAL.runFile, LOCAL.env]) {
    rmSync(path, { recursive: true, force: true });
  }
  say('Removed all local data. The next npm start begins afresh.');
  return 0;
});

/** Volumes hold the data of a stack that ran in Docker; its ports are written down only then. */
async function removeContainers(): Promise<void> {
  const local = LocalEnv.open(LOCAL.env);
  const ports = ['MYSQL_PORT', 'REDIS_PORT', 'AMQP_PORT'].map((name) => Number(local.get(name) ?? 0));
  if (!ports.every(Boolean)) return;
  if (!(await dockerWorks())) {
    throw new Refusal(
      'The data are in Docker volumes, and no Docker engine answers: start it and repeat npm run reset.',
    );
  }
  const [mysql = 0, redis = 0, rabbitmq = 0] = ports;
  const options = {
    projectDir: PROJECT_DIR,
    dir: LOCAL.services,
    secrets: await local.serviceSecrets(),
    dockerPorts: () => Promise.resolve({ mysql, redis, rabbitmq }),
    say,
  };
  say('Removing containers and volumes …');
  await DockerServices.removeProject(await dockerOptions(options));
}
