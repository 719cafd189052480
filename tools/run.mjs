// The way into every command: `node tools/run.mjs <command> [arguments]`. Plain JavaScript without dependencies, because
// it runs before anything is installed or compiled: it installs packages and compiles sources when they are missing or
// out of date, says so, and then runs dist/tools/<command>.js in this process.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OLDEST_NODE = [20, 19];
const COMMANDS = {
  start: 'bring everything up: services, simulator, pay and order',
  simulator: 'start the WeChat Pay simulator alone, for trying any WeChat Pay SDK',
  demo: 'place, pay and settle one order, with a timeline (--json, --keep)',
  doctor: 'check this machine and its settings, with the repair for each finding',
  token: 'make a token for the API: --sub NAME [--role operator] [--expires SECONDS]',
  reset: 'remove the data that npm start keeps in .local/',
  chaos: 'torment a whole shop by a seeded plan and check every promise (--seed N --seconds S)',
  live: 'measure how long a settled payment takes to show on an open page, with one and two instances of pay',
  screenshots: 'take a picture of every page in every state (docs/screenshots)',
  test: 'run the tests: check, unit, int, e2e or all (default)',
  build: 'compile the sources into dist/',
};
const SOURCES = ['apps', 'libs', 'tools'];
const BUILD_INPUTS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const say = (text) => process.stderr.write(`${text}\n`);

function stop(text) {
  say(text);
  process.exit(1);
}

function readJson(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  stop(
    `Paypair needs Node ${OLDEST_NODE.join('.')} or newer; this is ${process.versions.node}. Get it from nodejs.org.`,
  );
}

/** Whether node_modules holds what package-lock.json names; optional packages may be missing (other platforms). */
function packagesAreCurrent() {
  const wanted = readJson(at('package-lock.json'))?.packages;
  const present = readJson(at('node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([name, entry]) => {
    if (name === '' || entry.link) return true;
    const found = present[name];
    return found ? found.version === entry.version : entry.optional === true || entry.devOptional === true;
  });
}

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] });
  if (error) stop(`"${command}" could not be started (${error.code}); is it installed and in PATH?`);
  return status === 0;
}

function installPackages() {
  if (packagesAreCurrent()) return;
  const since = Date.now();
  say('Installing packages (npm ci); about half a minute …');
  if (!run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])) {
    stop('npm ci failed; its message stands above. Is the registry reachable (npm ping)?');
  }
  say(`Packages installed in ${seconds(since)}.`);
}

/** Every source file with its time and size: what the last build was made from, and what this one would be. */
function listSources() {
  const found = {};
  const visit = (folder) => {
    for (const entry of fs.readdirSync(at(folder), { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isDirectory()) visit(name);
      else if (/\.ts$/.test(entry.name) && !/\.(spec|int-spec|e2e-spec)\.ts$/.test(entry.name)) note(name);
    }
  };
  const note = (name) => {
    const { mtimeMs, size } = fs.statSync(at(name));
    found[name] = `${mtimeMs} ${size}`;
  };
  for (const folder of SOURCES) if (fs.existsSync(at(folder))) visit(folder);
  for (const file of BUILD_INPUTS) note(file);
  return found;
}

function compile() {
  const stamp = at('dist', '.built.json');
  const before = readJson(stamp) ?? {};
  const now = listSources();
  const names = Object.keys(now);
  if (names.every((name) => before[name] === now[name]) && Object.keys(before).length === names.length) return;
  const since = Date.now();
  say('Compiling …');
  // What was compiled from a source that is gone must not be run any more.
  if (Object.keys(before).some((name) => !(name in now))) fs.rmSync(at('dist'), { recursive: true, force: true });
  fs.rmSync(stamp, { force: true });
  if (!run(process.execPath, [at('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'])) {
    stop('The sources do not compile; the messages stand above.');
  }
  fs.writeFileSync(stamp, JSON.stringify(now));
  say(`Compiled in ${seconds(since)}.`);
}

/** Two commands started at the same time must not install or compile over each other. */
async function alone(work) {
  const lock = at('.local', 'build.lock');
  fs.mkdirSync(at('.local'), { recursive: true, mode: 0o700 });
  for (let told = false; ;) {
    try {
      fs.writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!isAlive(Number(fs.existsSync(lock) ? fs.readFileSync(lock, 'utf8') : 0))) fs.rmSync(lock, { force: true });
    else if (!told) say('Another command is installing or compiling; waiting for it …');
    told = true;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const release = () => fs.rmSync(lock, { force: true });
  process.once('exit', release);
  work();
  release();
  process.removeListener('exit', release);
}

function isAlive(pid) {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;

function help() {
  const lines = Object.entries(COMMANDS).map(([name, what]) => `  npm run ${name.padEnd(8)} ${what}`);
  return ['Commands of Paypair:', ...lines, 'Arguments follow after "--": npm run demo -- --json'].join('\n');
}

const [command, ...args] = process.argv.slice(2);
checkNode();
if (command === undefined || command === '--help' || command === '-h') {
  say(help());
} else if (!(command in COMMANDS)) {
  stop(`There is no command "${command}".\n${help()}`);
} else {
  process.chdir(root);
  await alone(() => {
    installPackages();
    compile();
  });
  if (command !== 'build') {
    process.setSourceMapsEnabled(true);
    const script = at('dist', 'tools', `${command}.js`);
    process.argv = [process.argv[0], script, ...args];
    await import(pathToFileURL(script).href);
  }
}
